import { beforeAll, describe, expect, it } from "vitest";
import { type Compiled, compileModules } from "./compile.ts";
import { givens } from "./givens.ts";
import { runSample } from "./run.ts";
import { wrapSample } from "./wrap.ts";

const bootstrap = (body: string) => `
  import { main, call } from "effection";
  import { createContext } from "@lloyal-labs/lloyal.node";
  import { initAgents } from "@lloyal-labs/lloyal-agents";
  main(function* () {
    const ctx = yield* call(() => createContext({ modelPath: "model.gguf", nCtx: 1024, nSeqMax: 4 }));
    ${body}
  });`;

const samples = {
  forks: "const child = branch.forkSync();\nawait child.commit(33);\nchild.pruneSync();",
  loose: "const found = [];\nfunction add(a, unused) { found.push(a); }\nadd(1, 2);",
  wrongName: 'import { Branch, Twig } from "@lloyal-labs/sdk";\nnew Twig();',
  wrongType: "branch.setGrammar(1);",
  unknown: "frobnicate(branch);",
  leavesFork: "branch.forkSync();",
  leavesRoot: "Branch.create(ctx, 0);",
  leavesCells: bootstrap("yield* initAgents(ctx);\nyield* call(() => Branch.create(ctx, 0).prefill([33, 33]));"),
  uselessTool: `import { Tool } from "@lloyal-labs/lloyal-agents";
    class SearchTool extends Tool {
      name = "search"; description = "Finds nothing."; parameters = { type: "object", properties: {} };
      *execute() { return "nothing"; }
    }`,
  dropsAgent: 'yield* agentPool({ orchestrate: parallel([{ content: "long ".repeat(4000) }]) });',
  throws: 'throw new Error("on its own");',
  throwsInMain: bootstrap('throw new Error("in main");'),
  disposes: bootstrap("yield* initAgents(ctx);"),
  leavesContext: bootstrap(""),
  imports: 'import { readFileSync } from "node:fs";\nreadFileSync;',
};

let compiled: ReadonlyMap<string, Compiled>;

beforeAll(() => {
  const modules = Object.entries(samples).map(([name, code]) => [name, wrapSample(code, Object.keys(givens))] as const);
  compiled = compileModules(new Map(modules));
}, 120_000);

const faults = (name: keyof typeof samples) => compiled.get(name)!.faults;
const running = (name: keyof typeof samples) => runSample(compiled.get(name)!.js, name);

describe("a sample compiles", () => {
  it("against the sources of the workspace", () => {
    expect(faults("forks")).toEqual([]);
  });

  it("with parameters of no type, with what it does not use, and with an empty array to push to", () => {
    expect(faults("loose")).toEqual([]);
  });

  it("not with a name that its package does not export", () => {
    expect(faults("wrongName")).toEqual([expect.stringContaining("has no exported member 'Twig'")]);
  });

  it("not with a value of another type, or a name that nobody gives", () => {
    expect(faults("wrongType")).toEqual([expect.stringContaining("'number' is not assignable")]);
    expect(faults("unknown")).toEqual([expect.stringContaining("'frobnicate'")]);
  });
});

describe("a sample runs", () => {
  it.each(["forks", "loose", "disposes"] as const)("to its end: %s", async (name) => {
    await expect(running(name)).resolves.toBeUndefined();
  });

  it("into its own error, also within main", async () => {
    await expect(running("throws")).rejects.toThrow("on its own");
    await expect(running("throwsInMain")).rejects.toThrow("in main");
  });

  it("and is refused when it leaves a fork, a root, a context or a context's cells", async () => {
    await expect(running("leavesFork")).rejects.toThrow("living children");
    await expect(running("leavesRoot")).rejects.toThrow("1 branches");
    await expect(running("leavesContext")).rejects.toThrow("a context open");
    await expect(running("leavesCells")).rejects.toThrow("2 cells");
  });

  it("and is refused when an agent of it does not return", async () => {
    await expect(running("dropsAgent")).rejects.toThrow("ended as");
  });

  it("and is refused when the tool that it declares is of no use to an agent", async () => {
    await expect(running("uselessTool")).rejects.toThrow("the agent has read");
  });

  it("with no module but those of the workspace and effection", async () => {
    await expect(running("imports")).rejects.toThrow("node:fs");
  });
});
