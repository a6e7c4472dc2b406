import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Sandbox } from "../test/fixture.ts";
import { createSandbox, entryFor, ggufBytes } from "../test/fixture.ts";
import { cachedModelPath } from "./cache.ts";
import { embeddedDefault } from "./catalogue.ts";
import { chooseModel } from "./choose-model.ts";
import type { ModelEntry } from "./model-entry.ts";

const best = entryFor(Buffer.concat([ggufBytes, ggufBytes]), { name: "best" });
const fallback = entryFor(ggufBytes, { name: embeddedDefault });
const toy = entryFor(ggufBytes, { name: "toy", goodFor: "tests" });
const catalogue = [toy, best, fallback];

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox();
});
afterEach(() => sandbox.remove());

async function cache(entry: ModelEntry) {
  const path = cachedModelPath(entry, sandbox.env);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, Buffer.alloc(entry.pinned!.sizeBytes));
}

const choose = (memoryBytes = 8 * 2 ** 30) => chooseModel({ catalogue, env: sandbox.env, memoryBytes });

it("an empty cache means the embedded default", async () => {
  expect(await choose()).toBe(fallback);
});

it("the best cached model is taken", async () => {
  await cache(fallback);
  await cache(best);
  expect(await choose()).toBe(best);
});

it("a cached model that does not fit the memory is passed over", async () => {
  await cache(best);
  expect(await choose(2 ** 20)).toBe(fallback);
});

it("a model for tests is never chosen for research", async () => {
  await cache(toy);
  expect(await choose()).toBe(fallback);
});
