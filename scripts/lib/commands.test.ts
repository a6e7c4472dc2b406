// What documents and workflows tell people and machines to run has to be there.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { programmes } from "./programmes.mjs";
import { repositoryFiles, root } from "./repository-files.mjs";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const { scripts } = JSON.parse(read("package.json"));
const ofPnpm = ["install", "exec", "pack"];

const texts = repositoryFiles().filter((path) => /\.md$|^\.github\/workflows\/|^\.ci\//.test(path));

it.each(texts)("every `pnpm` command in %s exists", (path) => {
  const commands = [...read(path).matchAll(/\bpnpm ([a-z][\w:]*\w)/g)].map(([, command = ""]) => command);
  expect(commands.filter((command) => !(command in scripts) && !ofPnpm.includes(command))).toEqual([]);
});

it("the nightly run has all programmes", () => {
  const [, list = ""] = /programme: \[(.*)\]/.exec(read(".github/workflows/verify.yml")) ?? [];
  expect(list.split(", ")).toEqual(Object.keys(programmes));
});
