import { Branch, buildSystemPrefix, isInferenceError } from "@lloyal-labs/sdk";
import { ensure, type Operation, scoped, spawn, until } from "effection";
import { generate } from "../../generate/generate.ts";
import type { AgentRuntime } from "../../init-agents.ts";
import { withSpine } from "../../spine/with-spine.ts";
import type { Rival, Scenario } from "./scenario.ts";
import { marker } from "./scripted-model.ts";
import { runTeam } from "./simulated-team.ts";
import type { World } from "./world.ts";

/**
 * What a user's program would do: a parent for the agents, then the pool, perhaps another one after it.
 *
 * @returns what it came to
 */
export function* playScenario(scenario: Scenario, world: World, runtime: AgentRuntime): Operation<string> {
  const stage = world.enter("scenario");
  let began = false;
  const body = function* (parent: Branch | null): Operation<string> {
    began = true;
    yield* playTeams(scenario, world, runtime, parent);
    return "done";
  };
  try {
    if (scenario.parent === "spine") return yield* withSpine({ systemPrompt: "A spine." }, body);
    const parent = scenario.parent === "trunk" ? yield* openTrunk(runtime) : null;
    return yield* scoped(() => body(parent));
  } catch (error) {
    if (began || !isInferenceError(error)) throw error;
    world.refusals.delete(error);
    world.explained.add(error);
    return "no room for the parent";
  } finally {
    stage.leave();
  }
}

function* openTrunk({ session, ctx }: AgentRuntime): Operation<Branch> {
  const trunk = session.openTrunk();
  yield* until(trunk.prefill(buildSystemPrefix(ctx.language, "A trunk.", [])));
  return trunk;
}

function* playTeams(scenario: Scenario, world: World, runtime: AgentRuntime, parent: Branch | null): Operation<void> {
  const { rival, team, keepBranches, followUp } = scenario;
  const beside = rival && (yield* spawn(() => playRival(rival, world, runtime, parent)));
  const { agents } = yield* runTeam(team, world, parent, keepBranches);
  const kept = agents.find(({ branch }) => branch)?.branch ?? parent;
  if (followUp) yield* runTeam(followUp, world, kept);
  if (beside && rival?.isAwaited) yield* beside;
}

function* playRival(rival: Rival, world: World, runtime: AgentRuntime, parent: Branch | null): Operation<void> {
  yield* world.sleep([rival.startMs, rival.startMs]);
  if (rival.does === "pool") {
    try {
      yield* runTeam(rival.team, world, parent);
    } catch (error) {
      if (!world.explained.has(error)) throw error;
    }
  } else if (rival.does === "generate") {
    const { maxTokens } = rival;
    for (let i = 0; i < rival.times; i++)
      yield* world.guest(() => generate({ prompt: `${marker("rival")} Say something.`, parent, maxTokens }));
  } else {
    for (let i = 0; i < rival.times; i++) yield* world.guest(() => scoped(() => takeCells(rival, world, runtime)));
  }
}

function* takeCells({ share, holdMs }: Extract<Rival, { does: "hog" }>, world: World, runtime: AgentRuntime) {
  let hog: Branch | undefined;
  yield* ensure(() => hog?.pruneSubtreeSync());
  hog = Branch.create(runtime.ctx, 0);
  const cells = Math.floor(runtime.store.pressure().free * share);
  yield* until(runtime.store.prefill([[hog, new Array(cells).fill(65)]]));
  yield* world.sleep([holdMs, holdMs]);
}
