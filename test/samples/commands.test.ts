import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { commandFaults } from "./commands.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

it.each([
  ["npm i @lloyal-labs/sdk @lloyal-labs/no-such", ["there is no package @lloyal-labs/no-such"]],
  ["npx reasoning.run", []],
  ["npx no.such", ["no package has the bin no.such"]],
  ["npx tsx bench/run.ts", []],
  ["npx tsx bench/no-such.ts", ["there is no bench/no-such.ts"]],
])("%s is looked up in the workspace", (command, faults) => {
  expect(commandFaults(command, root)).toEqual(faults);
});
