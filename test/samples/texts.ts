import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface SpecText {
  readonly file: string;
  readonly text: string;
}

/** Where the texts of the specification lie: outside of the repository. */
export const specFolder = process.env.SPEC_DIR ?? fileURLToPath(new URL("../../../shared/spec", import.meta.url));

/** None where the folder is absent. */
export function readSpec(): SpecText[] {
  if (!existsSync(specFolder)) return [];
  const files = readdirSync(specFolder).filter((file) => file.endsWith(".md"));
  return files.sort().map((file) => ({ file, text: readFileSync(join(specFolder, file), "utf8") }));
}
