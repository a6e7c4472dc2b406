import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, it, vi } from "vitest";
import { findLostOperations } from "./operations.mjs";
import { examplesIn, toJavaScript } from "./readme-examples.mjs";
import { publicPackages, repositoryFiles, root } from "./repository-files.mjs";
import { createProgram } from "./typescript-program.mjs";

vi.setConfig({ testTimeout: 60_000 }); // compilers, and processes of their own

// The one package that knows all others: from here every import of an example is found.
const home = "apps/reasoning.run/src";

const readmes = repositoryFiles().filter((path) => /(^|\/)README\.md$/.test(path));
const examples = readmes.flatMap((readme) =>
  examplesIn(readFileSync(join(root, readme), "utf8")).map((example, index) => {
    const number = index + 1;
    return { ...example, readme, number, path: `${home}/${readme.replaceAll("/", "-")}-${number}.ts` };
  }),
);
const program = createProgram(root, new Map(examples.map(({ path, code }) => [path, code])));

it("a text block after a program is what it prints", () => {
  expect(examplesIn("```ts\na();\n```\n\nprints\n\n```text\n1\n```\n```ts\nb();\n```\n```\nc\n```\n")).toEqual([
    { code: "a();\n", prints: "1\n" },
    { code: "b();\n" },
  ]);
});

it("every library has an example", () => {
  const libraries = publicPackages().filter((folder) => folder.startsWith("packages/"));
  const shown = examples.map(({ readme }) => readme);
  expect(libraries.filter((folder) => !shown.includes(`${folder}/README.md`))).toEqual([]);
});

it.each(examples)("example $number of $readme compiles, and loses no operation", ({ path }) => {
  const diagnostics = program.getSemanticDiagnostics(program.getSourceFile(join(root, path)));
  expect(diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  expect(findLostOperations(program, root).filter((finding) => finding.path === path)).toEqual([]);
});

it.each(examples.filter(({ prints }) => prints !== undefined))(
  "example $number of $readme prints what stands below it",
  ({ code, prints }) => {
    const input = toJavaScript(code);
    const args = ["--conditions=source", "--import", "tsx", "--input-type=module"];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: join(root, home), input, encoding: "utf8" });
    expect(`${stdout}${stderr}`).toBe(prints);
  },
);
