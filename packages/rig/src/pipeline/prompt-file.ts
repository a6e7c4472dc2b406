import { readFileSync } from "node:fs";

/** A prompt of this package's `prompts` folder, without the line end that its file ends in. */
export function promptFile(name: "plan" | "research" | "read"): string {
  return readFileSync(new URL(`../../prompts/${name}.md`, import.meta.url), "utf8").trimEnd();
}
