import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { programmes } from "./programmes.mjs";
import { repositoryFiles, root } from "./repository-files.mjs";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const files = repositoryFiles();
const tests = files.filter((path) => /\.test\.ts$|_test\.cpp$/.test(path));
// This file is about the variable, and does not read it.
const counting = tests.filter((path) => read(path).includes("LLOYAL_RUNS") && !path.startsWith("scripts/"));

describe.each(Object.entries(programmes))("the programme %s", (name, { steps }) => {
  it("has a script of its name", () => {
    const { scripts } = JSON.parse(read("package.json"));
    expect(scripts[`verify:${name}`]).toBe(`node scripts/verify.mjs ${name}`);
  });

  it("runs something, and all of it is there", () => {
    expect(steps).not.toEqual([]);
    const isThere = (target: string) => files.includes(target) || tests.some((path) => path.startsWith(`${target}/`));
    expect(steps.map(({ target }) => target).filter((target) => !isThere(target))).toEqual([]);
  });

  it("gives a number of runs to tests that read it", () => {
    const raised = steps.flatMap(({ runs, target }) => (runs ? [target] : []));
    expect(raised.filter((target) => !counting.some((path) => path.startsWith(target)))).toEqual([]);
  });
});

it("every test that reads its number of runs belongs to a programme that raises it", () => {
  const raised = Object.values(programmes).flatMap(({ steps }) =>
    steps.flatMap(({ runs, target }) => (runs ? [target] : [])),
  );
  expect(counting).not.toEqual([]);
  expect(counting.filter((path) => !raised.some((target) => path.startsWith(target)))).toEqual([]);
});
