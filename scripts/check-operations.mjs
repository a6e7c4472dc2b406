// Part of `pnpm lint`: what Biome cannot see without the types of Effection. See `lib/operations.mjs`. The compiler's own
// API does it in one pass; typescript-eslint would bring a second linter for the sake of one rule.

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runMain } from "./lib/main.mjs";
import { findLostOperations } from "./lib/operations.mjs";
import { Problem } from "./lib/problem.mjs";
import { createProgram } from "./lib/typescript-program.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const remedies = {
  "not yielded": "an operation that nobody yields never runs; write yield* before it",
  "yield* in finally": "it may never finish; use ensure() inside of scoped()",
};

await runMain(async () => {
  const findings = findLostOperations(createProgram(root), root);
  if (findings.length > 0) {
    const lines = findings.map(({ path, line, rule, text }) => `${path}:${line}  ${text}\n    ${remedies[rule]}`);
    throw new Problem(["Operations that get lost:", ...lines].join("\n  "));
  }
  console.log("operations: none is left without yield*, and no finally waits");
  return 0;
});
