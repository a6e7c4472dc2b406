/**
 * What is too long for every change; a sample of each is part of `npm test`.
 *
 * @typedef {object} Programme
 * @property {string} about
 * @property {string} lasts - on two cores
 * @property {Step[]} steps - all are run, even where one fails
 *
 * @typedef {object} Step
 * @property {string} command
 * @property {string[]} args
 * @property {string} target - the file or folder that it runs
 * @property {number} [runs] - `LLOYAL_RUNS`: how many seeds or mutants, in place of the sample's number
 */

/**
 * One step per target, since vitest calls it an error when nothing matches, but not when one of two things does.
 *
 * @param {"unit" | "model"} project
 * @param {string} target - a test file, or a folder of them
 * @param {number} [runs]
 * @returns {Step}
 */
const vitest = (project, target, runs) => ({
  command: "pnpm",
  // No time limit: how long a seed takes is the machine's affair.
  args: ["exec", "vitest", "run", "--project", project, "--testTimeout=0", target],
  target,
  runs,
});

/**
 * @param {string} target
 * @param {...string} args
 * @returns {Step}
 */
const script = (target, ...args) => ({ command: process.execPath, args: [target, ...args], target });

/** @type {Readonly<Record<string, Programme>>} */
export const programmes = {
  simulation: {
    about: "pools of agents in the simulated backend, with faults and halts, seed by seed",
    lasts: "an hour",
    steps: [vitest("unit", "packages/agents/src/testing/simulation", 100_000)],
  },
  fuzz: {
    about: "damaged GGUF files and saved states, and texts that try to become structural tokens",
    lasts: "ten minutes",
    steps: [
      vitest("unit", "packages/models/src/gguf", 10_000),
      vitest("model", "packages/node/test/model/gguf-mutants.test.ts", 10_000),
      vitest("unit", "packages/sdk/src/testing/state-trial.test.ts", 10_000),
      vitest("model", "packages/node/test/model/state-mutants.test.ts", 1_000),
      vitest("model", "packages/rig/test/model/untrusted-text.test.ts", 20_000),
      vitest("unit", "packages/rig/src/pipeline/untrusted-text.test.ts", 10_000),
    ],
  },
  contract: {
    about: "the contract, random trees and failing decodes, on the simulated and on the native backend",
    lasts: "an hour",
    steps: [
      vitest("unit", "packages/sdk/src/testing/trees", 20_000),
      vitest("unit", "packages/sdk/src/branch/radix-tree.test.ts", 20_000),
      vitest("unit", "packages/sdk/src/branch/prompt-lookup.test.ts", 20_000),
      vitest("model", "packages/node/test/model/contract.test.ts"),
      vitest("model", "packages/node/test/model/trees.test.ts", 1000),
      vitest("model", "packages/node/test/model/fault-loop.test.ts", 1),
      vitest("model", "packages/node/test/model/exits.test.ts", 50),
      vitest("model", "packages/node/test/model/equivalence.test.ts", 50),
      vitest("model", "packages/node/test/model/plain-llama.test.ts", 100),
      {
        command: "pnpm",
        args: ["--filter", "@lloyal-labs/lloyal.node", "native:test"],
        target: "native/test/trees_test.cpp",
        runs: 20_000,
      },
    ],
  },
  determinism: {
    about: "the whole command on real weights, again and again: one seed, one transcript",
    lasts: "ten minutes",
    steps: [vitest("model", "apps/reasoning.run/test/model/determinism.test.ts", 20)],
  },
  downloads: {
    about: "processes that fetch one model at once, and are killed at any moment",
    lasts: "half an hour",
    steps: [vitest("unit", "packages/models/src/many-processes.test.ts", 100)],
  },
  mutants: {
    about: "bugs planted one at a time: each has to fail a test",
    lasts: "an hour",
    steps: [script("scripts/verify/mutants.mjs")],
  },
  sanitizers: {
    about: "the core's C++ tests under AddressSanitizer, UBSan and ThreadSanitizer, which catch planted bugs first",
    lasts: "ten minutes",
    steps: [script("scripts/verify/sanitizers.mjs")],
  },
  samples: {
    about: "the programs of the specification, as written, where the specification is at hand",
    lasts: "two minutes",
    steps: [vitest("unit", "test/samples")],
  },
  packages: {
    about: "the packed packages, installed together and run on Node 20, 22 and 24",
    lasts: "a minute",
    steps: [script("scripts/check-packages.mjs", "--install")],
  },
  binary: {
    about:
      "the binary package of this machine: built, packed, installed, run on each of its CPU libraries, the contract",
    lasts: "twenty minutes, ten of them the first time only",
    steps: [script("scripts/verify/packaged-binary.mjs")],
  },
};
