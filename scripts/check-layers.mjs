// `pnpm layers`: the layer table of `.dependency-cruiser.mjs`, and two things that dependency-cruiser cannot say itself.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise } from "./lib/cruise.mjs";
import { runMain } from "./lib/main.mjs";
import { Problem } from "./lib/problem.mjs";

// A resolver that is set up wrongly sees few modules, and few modules break no rule. Raise this as the code grows.
const modulesMin = 150;

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await runMain(async (signal) => {
  const { modules, dependencies, violations } = await cruise(root, signal);
  const complaints = [...violations, ...nativeLoadersOutsideOfBinding()];
  if (modules < modulesMin)
    complaints.push(`only ${modules} modules of ours were seen; there are at least ${modulesMin}`);
  if (complaints.length > 0) throw new Problem(["The layers are broken:", ...complaints].join("\n  "));
  console.log(`layers: ${modules} modules of ours, ${dependencies} dependencies, no violation`);
  return 0;
});

/** Native code is loaded by a path made at run time, which is no import. So its loaders are looked for by name. */
function nativeLoadersOutsideOfBinding() {
  const door = join("packages", "node", "src", "binding");
  // Ends in a worker while native code is at work. The door is TypeScript, which workers of its process cannot read.
  const exempt = join("packages", "node", "test", "model", "exits-child.mjs");
  return ["packages", "apps"]
    .flatMap((top) => sourcesBelow(join(root, top)))
    .map((path) => path.slice(root.length + 1))
    .filter((path) => !path.startsWith(door) && path !== exempt)
    .filter((path) => /\bcreateRequire\b|\bprocess\.dlopen\b/.test(readFileSync(join(root, path), "utf8")))
    .map((path) => `addon-has-one-door: ${path} loads native code; only ${door} may`);
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function sourcesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ["node_modules", "dist", "build"].includes(entry.name) ? [] : sourcesBelow(path);
    return /\.(ts|mjs)$/.test(entry.name) && !/\.test\.ts$/.test(entry.name) ? [path] : [];
  });
}
