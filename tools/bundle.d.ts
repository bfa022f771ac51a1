export interface BundledProgram {
  readonly entry: string;
  readonly folder: string;
  readonly launcher: string;
  readonly bundle: string;
}
export function bundleProgram(program: BundledProgram): void;
