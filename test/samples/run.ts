import { compileFunction } from "node:vm";
import { call, type Operation, run, scoped } from "effection";
import { type Givens, givens } from "./givens.ts";
import { openSetting, type Setting } from "./setting.ts";
import { createWorld, type World } from "./world.ts";

type Sample = (givens: Givens) => () => Operation<unknown> | Promise<unknown>;

/**
 * Runs a compiled sample on the simulated backend. Rejects with the sample's own error, or where an agent of it does
 * not return, or it leaves a cell, a branch or a context behind.
 *
 * @param js - CommonJS, as `compileModules` gives it
 * @param name - for stacks
 */
export async function runSample(js: string, name: string): Promise<void> {
  const world = createWorld();
  const { sample } = load(js, name, world);
  await run(function* () {
    const setting = yield* openSetting();
    yield* scoped(function* () {
      yield* call(sample(inSetting(setting)));
      for (const body of world.mains) yield* scoped(() => body([]));
    });
    yield* setting.close();
  });
  if (world.open.size > 0) throw new Error("the sample left a context open");
}

/** Each value is made when the sample takes it, and so only for samples that mention it. */
function inSetting(setting: Setting): Givens {
  const get = (_: object, name: keyof Givens) => givens[name](setting);
  return new Proxy({}, { get } as ProxyHandler<object>) as Givens;
}

function load(js: string, name: string, { modules }: World): { sample: Sample } {
  const exports = {} as { sample: Sample };
  const require = (from: string) => {
    if (from in modules) return modules[from as keyof typeof modules];
    throw new Error(`the sample imports ${from}, which is not here`);
  };
  const console = { log: () => undefined };
  const process = { env: { TAVILY_API_KEY: "unused" }, stdout: { write: () => true } };
  const globals = { exports, require, console, process };
  compileFunction(js, Object.keys(globals), { filename: name })(...Object.values(globals));
  return exports;
}
