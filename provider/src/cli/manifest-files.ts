import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import type { ManifestFile } from "../manifests/documents";
import { Findings } from "../manifests/finding";
import { type Manifests, parseManifests } from "../manifests/parse";

const isManifest = (name: string): boolean => /\.(ya?ml|json)$/i.test(name);

/** The manifests of a folder and all folders in it, or of one file. What could not be read is among the findings. */
export async function readManifests(path: string): Promise<Manifests> {
  const findings = new Findings();
  const paths = await manifestPaths(path, findings, true);
  const files: ManifestFile[] = [];
  for (const one of paths) {
    const text = await attempt(() => readFile(one, "utf8"), one, findings);
    if (text !== undefined) files.push({ path: one, text });
  }
  const parsed = parseManifests(files);
  return { ...parsed, findings: [...findings.list, ...parsed.findings] };
}

async function manifestPaths(path: string, findings: Findings, given = false): Promise<readonly string[]> {
  const found = await attempt(() => stat(path), path, findings);
  if (found === undefined) return [];
  if (!found.isDirectory()) return given || isManifest(path) ? [path] : [];
  const entries = (await attempt(() => readdir(path, { withFileTypes: true }), path, findings)) ?? [];
  const paths: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // A link to a folder may lead back to where it is.
    const isFollowed = entry.isDirectory() || isManifest(entry.name);
    if (isFollowed) paths.push(...(await manifestPaths(join(path, entry.name), findings)));
  }
  return paths;
}

async function attempt<T>(read: () => Promise<T>, path: string, findings: Findings): Promise<T | undefined> {
  try {
    return await read();
  } catch (thrown) {
    findings.warn({ file: path, line: 0 }, `not read: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return undefined;
  }
}
