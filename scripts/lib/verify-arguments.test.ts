import { expect, it } from "vitest";
import { Problem } from "./problem.mjs";
import { programmes } from "./programmes.mjs";
import { parseVerifyArguments, usage } from "./verify-arguments.mjs";

const all = Object.keys(programmes);

it.each([
  [[], { names: all }],
  [["fuzz"], { names: ["fuzz"] }],
  [["fuzz", "contract"], { names: ["fuzz", "contract"] }],
  [["--runs", "10"], { names: all, runs: 10 }],
  [["simulation", "--runs=200"], { names: ["simulation"], runs: 200 }],
  [["--help"], undefined],
  [["-h", "fuzz"], undefined],
])("%j means %j", (argv, expected) => expect(parseVerifyArguments(argv)).toEqual(expected));

it.each([
  [["fuz"], /no programme "fuz"/],
  [["toString"], /no programme "toString"/],
  [["--runs", "0"], /number from 1/],
  [["--runs", "1e5"], /number from 1/],
  [["--runs"], /--runs/],
  [["--seeds", "1"], /--seeds/],
])("%j is refused with the usage", (argv, reason) => {
  const parse = () => parseVerifyArguments(argv);
  expect(parse).toThrow(Problem);
  expect(parse).toThrow(reason);
  expect(parse).toThrow(usage);
});

it.each(Object.entries(programmes))("the usage says of %s what it does and how long it takes", (name, programme) => {
  const line = usage.split("\n").find((line) => line.startsWith(`  ${name} `));
  expect(line).toContain(programme.about);
  expect(line).toContain(programme.lasts);
});
