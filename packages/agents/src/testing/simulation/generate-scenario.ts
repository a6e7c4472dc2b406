import { Draw, type Kind, kinds } from "./draw.ts";
import { drawAnswer, drawTeam, drawTightTeam } from "./draw-team.ts";
import { Rng } from "./rng.ts";
import type { Fault, Latency, Rival, Scenario } from "./scenario.ts";

const decodeLatencies = [
  [0, 0],
  [1, 1],
  [1, 50],
] as const;

/** The scenario of a seed: the same today and tomorrow, until this file changes. */
export function generateScenario(seed: number): Scenario {
  const rng = new Rng(seed);
  const on = new Set(
    rng
      .fork("kinds")
      .shuffle(kinds)
      .slice(0, Math.ceil(kinds.length / 2)),
  );
  const draw = new Draw(rng.fork("scenario"), on, rng.fork("nCtx").logInteger(256, 4096));
  const rival = drawRival(draw.fork("rival"));
  return {
    seed,
    engine: {
      nCtx: draw.nCtx,
      nSeqMax: draw.on("few sequences") ? draw.rng.integer(1, 6) : draw.rng.integer(4, 16),
      nBatch: draw.rng.pick([16, 64, 256]),
      nUbatch: draw.on("narrow batches") ? draw.rng.integer(1, 6) : 64,
    },
    // Without it a whole run of ticks is one moment, and nobody gets in between.
    decodeLatency: draw.on("slow decode") || rival ? draw.rng.pick<Latency>(decodeLatencies) : undefined,
    parent: draw.oneOf<Scenario["parent"]>(
      [
        ["spine", "spine"],
        ["trunk", "trunk"],
      ],
      ["cold"],
    ),
    keepBranches: draw.on("keep branches"),
    team: draw.on("tight", 0.3) ? drawTightTeam(draw.fork("team"), "a") : drawTeam(draw.fork("team"), "a", 0),
    followUp: draw.on("follow-up", 0.5) ? drawTeam(draw.fork("follow-up"), "f", 1) : undefined,
    rival,
    fault: draw.on("faults", 0.3) ? drawFault(rng.fork("fault")) : undefined,
  };
}

function drawFault(rng: Rng): Fault {
  return { batch: rng.logInteger(1, 300) - 1, kind: rng.pick(["no-space", "compute"]), persistent: rng.chance(0.3) };
}

function drawRival(draw: Draw): Rival | undefined {
  const { rng } = draw;
  const common = { startMs: rng.integer(0, 30), isAwaited: rng.chance(0.5) };
  const times = rng.integer(1, 4);
  const team = draw.on("rival pool") ? drawTeam(draw.fork("team"), "r", 1) : undefined;
  const rivals: (readonly [Kind, Rival])[] = [
    ["rival generate", { ...common, does: "generate", times, maxTokens: rng.pick([4, 40]), script: drawAnswer(draw) }],
    ["hog", { ...common, does: "hog", times, share: rng.pick([0.9, 1, 1]), holdMs: rng.integer(0, 200) }],
  ];
  if (team) rivals.push(["rival pool", { ...common, does: "pool", team }]);
  return draw.oneOf<Rival | undefined>(rivals, [undefined]);
}
