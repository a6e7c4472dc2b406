import type { Corpus } from "./corpus.ts";

const pathCharsMax = 200;

/** The paths of a corpus that look most like a path that is not in it, best first; those without likeness are left out. */
export function nearestPaths(corpus: Corpus, path: string, limit: number): string[] {
  const wanted = pairs(path.slice(-pathCharsMax));
  return corpus.files
    .map((file) => ({ path: file.path, likeness: likeness(wanted, pairs(file.path)) }))
    .filter((candidate) => candidate.likeness > 0.3)
    .sort((one, other) => other.likeness - one.likeness)
    .slice(0, limit)
    .map((candidate) => candidate.path);
}

// Shared pairs of letters (Dice). Unlike an edit distance it does not mind a missing folder, and its cost is linear.
function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let shared = 0;
  for (const pair of one) if (other.has(pair)) shared++;
  return (2 * shared) / Math.max(1, one.size + other.size);
}

function pairs(path: string): Set<string> {
  const name = `/${path.toLowerCase()}`;
  const found = new Set<string>();
  for (let at = 0; at + 1 < name.length; at++) found.add(name.slice(at, at + 2));
  return found;
}
