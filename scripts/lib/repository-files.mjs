import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The files that git knows or would add, below the root and with slashes: no build output, no dependency. */
export function repositoryFiles() {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  return listed
    .toString("utf8")
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(root, path))); // deleted, but not yet for git
}

/** @returns {string[]} the folders of the packages that are published, below the root */
export function publicPackages() {
  return repositoryFiles()
    .filter((path) => path.endsWith("/package.json"))
    .filter((path) => !JSON.parse(readFileSync(join(root, path), "utf8")).private)
    .map((path) => dirname(path));
}
