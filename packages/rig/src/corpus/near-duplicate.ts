import type { Chunk } from "./chunk-resources.ts";
import { terms } from "./terms.ts";

/** Shared terms of all terms (Jaccard) from which two windows say the same. */
const sameShareMin = 0.9;

/**
 * Whether two windows hold almost the same words. Copies of a page would otherwise fill the list of hits, and a corpus
 * could be written so that they do.
 */
export function isNearDuplicate(one: Pick<Chunk, "text">, other: Pick<Chunk, "text">): boolean {
  if (one.text === other.text) return true;
  const [small, large] = [termSet(one), termSet(other)].sort((a, b) => a.size - b.size) as [Set<string>, Set<string>];
  if (small.size < sameShareMin * large.size) return false;
  let shared = 0;
  for (const term of small) if (large.has(term)) shared++;
  return shared >= sameShareMin * (small.size + large.size - shared);
}

const sets = new WeakMap<object, Set<string>>();

function termSet(chunk: Pick<Chunk, "text">): Set<string> {
  let set = sets.get(chunk);
  if (!set) {
    set = new Set(terms(chunk.text));
    sets.set(chunk, set);
  }
  return set;
}
