import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { publicPackages, repositoryFiles, root } from "./repository-files.mjs";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const names = publicPackages().map((folder) => JSON.parse(read(`${folder}/package.json`)).name);
const changesets = repositoryFiles().filter((path) => /^\.changeset\/(?!README).*\.md$/.test(path));

it("all published packages share one version", () => {
  const { fixed } = JSON.parse(read(".changeset/config.json"));
  expect(fixed).toHaveLength(1);
  expect([...fixed[0]].sort()).toEqual([...names].sort());
});

// `changeset version` fails on any other form, and then there is no release.
it.each(changesets)("%s names published packages, and tells something", (path) => {
  const [, head = "", body = ""] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(read(path)) ?? [];
  const lines = head.split("\n").filter((line) => line !== "");
  expect(lines).not.toEqual([]);
  for (const line of lines) {
    const [, name, bump] = /^"(.*)": (.*)$/.exec(line) ?? [];
    expect(names).toContain(name);
    expect(["major", "minor", "patch"]).toContain(bump);
  }
  expect(body.trim()).not.toBe("");
});
