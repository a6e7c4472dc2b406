import { buildUserDelta, createLanguage, type Language, type Token } from "@lloyal-labs/sdk";
import { chatmlLiterals, createSimulatedVocabulary, SimulatedEngine } from "@lloyal-labs/sdk/testing";
import { Recorder } from "./recorder.ts";
import { Rng } from "./rng.ts";
import type { Scenario } from "./scenario.ts";
import { scriptModel } from "./scripted-model.ts";
import { createPolicy } from "./simulated-policy.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { type WatchedEngine, watchEngine } from "./watched-engine.ts";

/** Whole phrases as tokens of their own: a call is fifteen tokens then and not sixty, and a run four times as short. */
const phrases = [
  "<|im_start|>assistant\n",
  "<|im_start|>user\n",
  "<|im_end|>\n",
  '\n{"name": "',
  '", "arguments": {',
  '", "arguments": {"q": "',
  '", "arguments": {"findings": "',
  '"}}\n',
];
const vocabulary = createSimulatedVocabulary([
  ...chatmlLiterals,
  ...phrases.map((text) => ({ text, attribute: "user-defined" as const })),
]);
const spoken = createLanguage(vocabulary);

/** Tools by their names alone: with a token for each byte, their schemas would fill the small contexts that matter most. */
export const language: Language = {
  ...spoken,
  system: (text, tools) => spoken.system([text, ...tools.map(({ name }) => name)].join(" "), []),
};

/** What a scenario runs on: an engine with a scripted model, and a time and a randomness of its own. */
export interface Machine {
  readonly rng: Rng;
  readonly clock: VirtualClock;
  readonly recorder: Recorder;
  readonly engine: WatchedEngine;
  /** The scenario's fault has been fired. */
  faulted: boolean;
  /** Recovery prompts that were prefilled. */
  recoveries: number;
  /** Cells of one recovery of the scenario's team, prompt and report; 0 where nothing is recovered. */
  readonly recoveryCells: number;
}

export function createMachine(scenario: Scenario): Machine {
  const { decodeLatency, fault, seed } = scenario;
  const rng = new Rng(seed);
  const latencies = rng.fork("decode");
  const recorder = new Recorder();
  const clock = new VirtualClock(rng.fork("clock"));
  let batch: readonly unknown[] | undefined;
  const simulated = new SimulatedEngine(vocabulary, {
    ...scenario.engine,
    script: scriptModel(scenario, vocabulary),
    fault({ index, kind, rows }) {
      if (batch) recorder.violate("B1", "a second batch while one decodes");
      batch = [index, kind, rows];
      const fires = fault && (fault.persistent ? index >= fault.batch : index === fault.batch);
      if (!fires) return undefined;
      machine.faulted = true;
      return fault.kind;
    },
    async latency() {
      // The engine is still within the call that began this batch; a step may halt whoever made it.
      await Promise.resolve();
      recorder.step("decode", batch);
      if (decodeLatency) await clock.wait(latencies.integer(...decodeLatency));
      batch = undefined;
      recorder.step("landed");
    },
  });
  const recovery = recoveryOf(scenario);
  const engine = watchEngine(simulated, recorder, {
    isFaulted: () => machine.faulted,
    onPrefill: (tokens) => {
      if (recovery && isEqual(tokens, recovery.prompt)) machine.recoveries += 1;
    },
  });
  const recoveryCells = recovery ? recovery.prompt.length + recovery.maxTokens : 0;
  const machine: Machine = { rng, clock, recorder, engine, faulted: false, recoveries: 0, recoveryCells };
  return machine;
}

/** What a cut agent of the scenario's team is asked, as tokens, and how much it may answer. */
function recoveryOf({ team, engine }: Scenario): { prompt: readonly Token[]; maxTokens: number } | undefined {
  const terminal = team.terminal ? "report" : undefined;
  const plan = createPolicy(team).recovery({ nCtx: engine.nCtx, terminal });
  return plan && { prompt: buildUserDelta(language, plan.prompt), maxTokens: plan.maxTokens };
}

function isEqual(a: readonly Token[], b: readonly Token[]): boolean {
  return a.length === b.length && a.every((token, i) => token === b[i]);
}
