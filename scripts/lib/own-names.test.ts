import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { foreignDependencies, foreignInLockfile, foreignRuns } from "./own-names.mjs";
import { repositoryFiles, root } from "./repository-files.mjs";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const files = repositoryFiles();
const manifests = files.filter((path) => /(^|\/)package\.json$/.test(path)).map((path) => JSON.parse(read(path)));
const bins = manifests.flatMap(({ bin }) => Object.keys(bin ?? {}));

describe("nothing here runs a package by a name that a registry may know", () => {
  // This test, and texts about other people's commands, which are read and never run.
  const isData = (path: string) => path.startsWith("scripts/lib/own-names") || path.startsWith("test/samples/");
  const texts = files.filter((path) => /\.(md|mjs|ts|json|jsonc|ya?ml|sh)$|^\.ci\//.test(path) && !isData(path));

  it("in scripts, documents and manifests", () => {
    expect(texts.length).toBeGreaterThan(100);
    const found = texts.flatMap((path) => foreignRuns(read(path), bins).map((run) => `${path}: ${run}`));
    expect(found).toEqual([]);
  });

  it("as a dependency", () => {
    expect(manifests.length).toBeGreaterThan(6);
    expect(manifests.flatMap(foreignDependencies)).toEqual([]);
    expect(foreignInLockfile(read("pnpm-lock.yaml"))).toEqual([]);
  });
});

it.each([
  ["run `npx --no -- reasoning.run --json` or npx --no reasoning.run", []],
  ["npx --no means that nothing is fetched", ["npx --no means"]],
  ["as `npx --no`", []],
  ["npx reasoning.run", ["npx reasoning.run"]],
  ["npx --yes tsx a.ts", ["npx --yes"]],
  ["npx --no -- cowsay", ["npx --no -- cowsay"]],
  ["pnpm dlx create-x; npm exec y; bunx z", ["bunx z", "pnpm dlx", "npm exec"]],
  ["pnpm exec vitest; npm run x; npm install", []],
])("in %j it finds %j", (text, found) => expect(foreignRuns(text, ["reasoning.run"])).toEqual(found));

it("a dependency with one of our names has to be the workspace's", () => {
  const dependencies = { "@lloyal-labs/sdk": "workspace:^", effection: "catalog:" };
  expect(foreignDependencies({ dependencies })).toEqual([]);
  expect(foreignDependencies({ dependencies, devDependencies: { "reasoning.run": "^1.0.0" } })).toEqual([
    "reasoning.run@^1.0.0",
  ]);
  expect(foreignDependencies({ dependencies: { other: "npm:@lloyal-labs/sdk@1" } })).toHaveLength(1);
});

it("a lockfile lists what comes from a registry", () => {
  const lock = "packages:\n\n  '@lloyal-labs/sdk@1.0.0':\n\n  effection@4.1.1:\n\n  'reasoning.run@2.0.0':\n";
  expect(foreignInLockfile(lock)).toEqual(["@lloyal-labs/sdk", "reasoning.run"]);
  const own = "importers:\n\n  packages/sdk: {}\n\n      '@lloyal-labs/sdk':\n        version: link:packages/sdk\n";
  expect(foreignInLockfile(own)).toEqual([]);
});
