import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { SkippedFile } from "./corpus.ts";

/** What a walk found: paths below the root in code-unit order, and what it left out. */
export interface Walk {
  readonly paths: readonly string[];
  readonly skipped: readonly SkippedFile[];
}

/**
 * Lists the regular files below `root`. Names that begin with a dot and `node_modules` are not looked at.
 *
 * Links are listed as skipped and never followed. Nothing inside the root is lost by that, for the walk meets the target
 * itself; and no link can lead outside or in a circle.
 */
export function walkFolder(root: string, limits: { filesMax: number; depthMax: number }): Walk {
  const paths: string[] = [];
  const skipped: SkippedFile[] = [];
  const folders: { path: string; depth: number }[] = [{ path: "", depth: 0 }];
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    const entries = listFolder(join(root, folder.path));
    if (typeof entries === "string") {
      skipped.push({ path: folder.path, reason: entries });
      continue;
    }
    for (const entry of entries) {
      const path = folder.path === "" ? entry.name : `${folder.path}/${entry.name}`;
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      if (paths.length + skipped.length >= limits.filesMax) {
        skipped.push({ path, reason: `the corpus has more than ${limits.filesMax} files; the rest was not read` });
        return { paths: paths.sort(byCodeUnit), skipped };
      }
      if (hasControlCharacter(entry.name)) {
        skipped.push({ path: JSON.stringify(path), reason: "control characters in its name" });
      } else if (entry.isSymbolicLink()) skipped.push({ path, reason: "a symbolic link" });
      else if (entry.isFile()) paths.push(path);
      else if (!entry.isDirectory()) skipped.push({ path, reason: "not a regular file" });
      else if (folder.depth >= limits.depthMax)
        skipped.push({ path, reason: `deeper than ${limits.depthMax} folders` });
      else folders.push({ path, depth: folder.depth + 1 });
    }
  }
  return { paths: paths.sort(byCodeUnit), skipped: skipped.sort((a, b) => byCodeUnit(a.path, b.path)) };
}

function listFolder(path: string) {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    // The same files are left out on every machine when the limit is reached.
    return entries.sort((a, b) => byCodeUnit(a.name, b.name));
  } catch (cause) {
    return `the folder cannot be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`;
  }
}

// A file name reaches terminals and prompts, where an escape sequence or a line break would act.
function hasControlCharacter(name: string): boolean {
  return /\p{Cc}|\p{Cf}|\u2028|\u2029/u.test(name);
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
