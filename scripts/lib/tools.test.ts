import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createContext } from "./context.mjs";
import { Problem } from "./problem.mjs";
import { checkTools, findTool, lacksModel, missingToolsMessage, oldNode } from "./tools.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lloyal-tools-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const cmake = { name: "cmake", commands: ["cmake"], debian: "cmake", mac: "brew install cmake" };
const compiler = { name: "a C++ compiler", commands: ["c++"], debian: "g++", mac: "xcode-select --install" };

it("what is missing is one line with the command that installs it", () => {
  const missing = [cmake, compiler];
  expect(missingToolsMessage(missing, "linux")).toBe(
    "Missing: cmake, a C++ compiler. Install with: sudo apt-get install -y cmake g++",
  );
  expect(missingToolsMessage(missing, "darwin")).toBe(
    "Missing: cmake, a C++ compiler. Install with: brew install cmake && xcode-select --install",
  );
});

it("a PATH without tools is a problem that names all of them", async () => {
  const context = { ...createContext(new AbortController().signal), env: { PATH: folder } };
  const problem = await checkTools(context, { needsPip: true }).catch((error) => error);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem.message).toMatch(/git, cmake, a C\+\+ compiler, make or ninja, pip/);
  expect(problem.message).not.toContain("\n");
});

it.skipIf(process.platform === "win32")("a tool is found when it can be executed", () => {
  writeFileSync(join(folder, "cmake"), "", { mode: 0o644 });
  expect(findTool(["cmake"], { PATH: folder })).toBeUndefined();
  writeFileSync(join(folder, "g++"), "", { mode: 0o755 });
  expect(findTool(["c++", "g++"], { PATH: `/absent:${folder}` })).toBe(join(folder, "g++"));
});

it.each([
  ["18.20.0", true],
  ["20.18.3", true],
  ["20.19.0", false],
  ["22.1.0", false],
])("Node %s is too old: %s", (version, tooOld) => {
  expect(oldNode(version) !== undefined).toBe(tooOld);
});

it("a model is lacking unless the cache has the wanted ones", () => {
  expect(lacksModel(folder, [])).toBe(true);
  mkdirSync(join(folder, "models"));
  writeFileSync(join(folder, "models", "0123-smollm2-135m.gguf"), "");
  expect(lacksModel(folder, [])).toBe(false);
  expect(lacksModel(folder, ["smollm2-135m"])).toBe(false);
  expect(lacksModel(folder, ["smollm2-135m", "another"])).toBe(true);
});
