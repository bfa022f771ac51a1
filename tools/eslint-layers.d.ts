import type { Linter } from "eslint";

/** Folder under provider/src → the folders that it may import from. */
export declare const LAYERS: Readonly<Record<string, readonly string[]>>;
export declare const layerConfigs: readonly Linter.Config[];
