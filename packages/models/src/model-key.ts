import { createHash } from "node:crypto";
import { ModelError } from "./errors.ts";
import type { Mirror, ModelEntry } from "./model-entry.ts";

const safeName = /^[a-z0-9][a-z0-9._-]{0,79}$/i;
const sha256Hex = /^[0-9a-f]{64}$/;

/**
 * Twelve hex digits that stand for a model's bytes in the names of files: the start of their digest, or of a digest of
 * where they come from while theirs is not known.
 *
 * @throws ModelError MODEL_INVALID for an entry whose name or digest could lead a path out of the cache
 */
export function modelKey(entry: ModelEntry): string {
  if (!safeName.test(entry.name)) throw unusable(entry, "its name is not made of letters, digits, '.', '_' and '-'");
  if (!entry.pinned) return shortHash(entry.mirrors[0]);
  const { sha256, sizeBytes } = entry.pinned;
  if (!sha256Hex.test(sha256)) throw unusable(entry, "its SHA-256 is not 64 hex digits");
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1) throw unusable(entry, "its size is not a number of bytes");
  return sha256.slice(0, 12);
}

/** Names what one mirror has brought of a model, so that a later run goes on with it. */
export function mirrorKey(entry: ModelEntry, mirror: Mirror): string {
  return `${modelKey(entry)}-${shortHash(mirror)}`;
}

function shortHash(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(value ?? null))
    .digest("hex")
    .slice(0, 12);
}

function unusable({ name }: ModelEntry, why: string): ModelError {
  return new ModelError("MODEL_INVALID", `the catalogue entry ${JSON.stringify(name)} cannot be used: ${why}.`, {
    facts: { model: name },
    remedy: "Correct the entry.",
  });
}
