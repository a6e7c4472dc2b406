import { describe, expect, it } from "vitest";
import { entryFor, ggufBytes } from "../test/fixture.ts";
import { cachedModelPath, downloadsFolder } from "./cache.ts";
import { catalogue } from "./catalogue.ts";
import { ModelError } from "./errors.ts";
import type { Mirror } from "./model-entry.ts";
import { mirrorKey, modelKey } from "./model-key.ts";

const env = { XDG_CACHE_HOME: "/c" };

describe("a catalogue entry", () => {
  it.each([
    "../../x",
    "..",
    ".hidden",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a\0b",
    "a\n",
    "c:stream",
    "",
    "x".repeat(81),
    "ｘ",
  ])("named %j never becomes a path", (name) => {
    const entry = entryFor(ggufBytes, { name });
    expect(() => cachedModelPath(entry, env)).toThrow(ModelError);
    expect(() => cachedModelPath({ ...entry, pinned: undefined }, env)).toThrow(ModelError);
  });

  it("named like a device is a plain file, since its key stands before", () => {
    expect(cachedModelPath(entryFor(ggufBytes, { name: "CON" }), env)).toMatch(/models\/[0-9a-f]{12}-CON\.gguf$/);
  });

  it.each([
    "sha256:../../etc",
    "../../../etc/passwd",
    "b179".repeat(15),
    `${"a".repeat(64)}/..`,
    "A".repeat(64),
    "a".repeat(63),
  ])("with the digest %j never becomes a path", (sha256) => {
    const entry = entryFor(ggufBytes, { pinned: { sha256, sizeBytes: 1 } });
    expect(() => cachedModelPath(entry, env)).toThrow(ModelError);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 60])("of %d bytes is refused", (sizeBytes) => {
    const pinned = { ...entryFor(ggufBytes).pinned!, sizeBytes };
    expect(() => modelKey(entryFor(ggufBytes, { pinned }))).toThrow("its size is not a number of bytes");
  });
});

it("every mirror of every entry has a folder of its own", () => {
  const keys = catalogue.flatMap((entry) => entry.mirrors.map((mirror) => mirrorKey(entry, mirror)));
  expect(new Set(keys).size).toBe(keys.length);
});

it("a mirror's folder is made of digits, whatever the mirror is called", () => {
  const mirror: Mirror = { kind: "file", path: "../../../etc/\0" };
  expect(mirrorKey(entryFor(ggufBytes), mirror)).toMatch(/^[0-9a-f]{12}-[0-9a-f]{12}$/);
});

it("downloads lie beside the models, so that a rename ends them", () => {
  expect(downloadsFolder(env)).toBe("/c/lloyal/models/.downloads");
});
