// One process that asks for a model, as many may do at once. Its orders come as JSON.
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import type { ModelEntry } from "../src/model-entry.ts";

const { entry, killAt } = JSON.parse(process.argv[2]!) as { entry: ModelEntry; killAt?: number };

let calls = Number.NEGATIVE_INFINITY; // what is called before it asks does not count
const file = await fs.open("/dev/null");
dieAtCall(fs as unknown as Methods, [
  ...["open", "mkdir", "rename", "readdir", "stat", "readFile", "writeFile", "link", "rm"],
]);
dieAtCall(Object.getPrototypeOf(file), ["read", "writeFile", "sync", "close"]);
syncBuiltinESMExports();
await file.close();

const { ensureModel } = await import("../src/ensure-model.ts");
await new Promise<void>((resolve) => {
  process.once("message", () => resolve());
  process.send!("ready");
});
calls = 0;
await ensureModel(entry.name, { catalogue: [entry] });
process.send!(calls);
process.disconnect();

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** Counts the calls of some functions, and ends this process as `kill -9` does in place of the one that is wanted. */
function dieAtCall(target: Methods, names: readonly string[]): void {
  for (const name of names) {
    const call = target[name]!;
    target[name] = function (this: unknown, ...args: unknown[]) {
      if (++calls === killAt) process.kill(process.pid, "SIGKILL");
      return call.apply(this, args);
    };
  }
}
