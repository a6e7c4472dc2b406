import type { ContextBudget } from "../../policy/agent-policy.ts";
import type { Draw, Kind } from "./draw.ts";
import type { Rng } from "./rng.ts";
import type { AgentScript, Latency, TeamScript, ToolAct, ToolScript, TurnScript } from "./scenario.ts";

/** `depth`: how many tools are above it. Teams within tools are small, and their tools have no team. */
export function drawTeam(draw: Draw, prefix: string, depth: number): TeamScript {
  const { rng } = draw;
  const agentsMax = depth > 0 ? 2 : draw.on("many agents") ? 8 : 4;
  const tools = Array.from({ length: rng.chance(0.15) ? 0 : rng.integer(1, depth > 0 ? 1 : 3) }, (_, i) =>
    drawTool(draw.fork(`tool ${i}`), `${prefix}t${i}`, depth),
  );
  const maxTurns = rng.pick([1, 2, 3, 3, 4, 4]);
  const shape = {
    tools: tools.map(({ name }) => name),
    terminal: draw.on("terminal"),
    maxTurns,
    alwaysCall: !draw.on("free text"),
  };
  const count = rng.integer(1, agentsMax);
  const orchestrator = draw.oneOf<TeamScript["orchestrator"]>(
    [
      ["chain", "chain"],
      ["graph", "graph"],
    ],
    ["parallel"],
  );
  return {
    isNested: prefix.includes("x"),
    orchestrator,
    agents: Array.from({ length: count }, (_, i) => drawAgent(draw.fork(`agent ${i}`), `${prefix}${i}`, i, shape)),
    tools,
    terminal: shape.terminal,
    policy: {
      maxTurns,
      maxTurnTokens: draw.on("short turns", 0.4) ? rng.pick([1, 4, 12]) : rng.pick([24, 24, 40, 80]),
      alwaysCall: shape.alwaysCall,
      budget: draw.on("own budget") ? drawBudget(rng.fork("budget")) : undefined,
      recovery: drawRecovery(draw),
    },
    temperature: draw.on("temperature") ? rng.pick([0.5, 1, 5]) : 0,
    policyFailsAt: depth === 0 && draw.on("failing policy", 0.2) ? rng.logInteger(1, 30) : undefined,
    failsAfter: depth === 0 && draw.on("failing orchestrator", 0.25) ? rng.integer(0, count) : undefined,
  };
}

/**
 * The same team, grown until it takes up the whole context: its agents talk at once and do not stop, so that all of them
 * are cut together and wait for cells to recover in.
 */
export function drawTightTeam(draw: Draw, prefix: string): TeamScript {
  const { rng, nCtx } = draw;
  const team = drawTeam(draw, prefix, 0);
  const recoveryTokens = rng.pick([10, 30, Math.ceil(nCtx / 10)]);
  const room = nCtx - recoveryTokens - rng.integer(0, 20);
  const maxTurnTokens = rng.pick([8, 24]);
  // The marker and the turn's own tokens are fifteen or so.
  const count = Math.min(8, Math.floor(room / (maxTurnTokens + 20)));
  const taskChars = Math.max(0, Math.floor(room / count) - maxTurnTokens - rng.integer(12, 20));
  const agent = (i: number): AgentScript => ({
    ...drawAgent(draw.fork(`agent ${i}`), `${prefix}${i}`, i, { ...team, tools: [], ...team.policy }),
    taskChars,
    systemPrompt: false,
    turns: [{ does: "never stop" }],
  });
  return {
    ...team,
    agents: Array.from({ length: count }, (_, i) => agent(i)),
    tools: [],
    policy: {
      ...team.policy,
      maxTurnTokens,
      budget: { softLimit: rng.integer(0, 10), hardLimit: 0, oversized: "window" },
      recovery: { prompt: "End.", maxTokens: recoveryTokens },
    },
  };
}

function drawBudget(rng: Rng): ContextBudget {
  const oversized = rng.pick(["window", "refuse", "terminate"] as const);
  return { softLimit: rng.integer(0, 200), hardLimit: rng.integer(0, 20), oversized };
}

// The default prompt alone takes a third of the smallest contexts; most scenarios have a shorter one.
function drawRecovery(draw: Draw): TeamScript["policy"]["recovery"] {
  if (draw.on("no recovery")) return false;
  const { rng, nCtx } = draw;
  return rng.chance(0.2) ? {} : { prompt: "End.", maxTokens: rng.pick([4, 30, 30, Math.ceil(nCtx / 10)]) };
}

interface TeamShape {
  tools: readonly string[];
  terminal: boolean;
  maxTurns: number;
  alwaysCall: boolean;
}

function drawAgent(draw: Draw, key: string, index: number, shape: TeamShape): AgentScript {
  const { rng } = draw;
  const turns = Array.from({ length: shape.maxTurns }, (_, turn) => drawTurn(draw, shape, turn));
  const isOrdered = index > 0 && draw.on("graph");
  return {
    key,
    taskChars: draw.on("long tasks", 0.2) ? rng.logInteger(10, draw.nCtx) : rng.integer(0, 20),
    systemPrompt: draw.on("system prompts", 0.5),
    turns,
    recovery: draw.oneOf<TurnScript>(
      [
        ["never stop", { does: "never stop" }],
        ["stop at once", { does: "stop at once" }],
        ["hash", { does: "hash" }],
      ],
      [0, 4, 12].map((chars): TurnScript => (shape.terminal ? { does: "report", chars } : { does: "say", chars })),
    ),
    after: isOrdered ? Array.from({ length: index }, (_, i) => i).filter(() => rng.chance(0.4)) : [],
    startAfterMs: draw.on("late start", 0.5) ? [0, 100] : undefined,
    letGoAfterMs: draw.on("let go", 0.4) ? [0, rng.pick([0, 5, 50, 500])] : undefined,
  };
}

/** Mostly what a willing model would write where its policy wants a call, and sometimes anything else. */
function drawTurn(draw: Draw, { tools, terminal, maxTurns, alwaysCall }: TeamShape, turn: number): TurnScript {
  const { rng } = draw;
  if (rng.chance(0.2)) {
    return draw.oneOf<TurnScript>(
      [
        ["malformed", { does: "malformed", shape: rng.pick(["broken json", "no closing tag", "wrong arguments"]) }],
        ["never stop", { does: "never stop" }],
        ["stop at once", { does: "stop at once" }],
        ["repeat", { does: "repeat", tool: tools.length > 0 ? rng.pick(tools) : "none" }],
        ["obey", { does: "obey" }],
        ["say", { does: "say", chars: rng.integer(1, 60) }],
        ["hash", { does: "hash" }],
      ],
      [{ does: "call", tools: ["unknown"] }],
    );
  }
  const mayReport = terminal && (turn + 1 === maxTurns || rng.chance(0.2));
  if (mayReport && draw.on("malformed", 0.3)) return { does: "malformed", shape: "wrong report" };
  if (mayReport) return { does: "report", chars: rng.integer(0, 12) };
  const calls = draw.on("several calls") ? rng.integer(1, 3) : 1;
  if (tools.length > 0 && (alwaysCall || turn + 1 < maxTurns))
    return { does: "call", tools: Array.from({ length: calls }, () => rng.pick(tools)) };
  return { does: "say", chars: rng.integer(1, 30) };
}

function drawTool(draw: Draw, name: string, depth: number): ToolScript {
  const { rng } = draw;
  return {
    name,
    concurrent: draw.on("concurrent tools", 0.7),
    latency: draw.oneOf<Latency>(
      [
        ["slow tools", [10, 10]],
        ["slow tools", [0, 100]],
        ["huge latency", [1_000_000, 1_000_000]],
      ],
      [undefined, [0, 0]],
    ),
    shy: draw.on("shy tools", 0.3),
    progress: draw.on("progress") ? rng.integer(0, 2) : 0,
    act: drawAct(draw, name, depth),
  };
}

function drawAct(draw: Draw, name: string, depth: number): ToolAct {
  const { rng } = draw;
  const from = rng.pick(["caller", "cold"] as const);
  const acts: (readonly [Kind, ToolAct])[] = [
    ["failing tools", { does: "fail", how: rng.pick(["throw", "reject", "child throws", "throw a string"]) }],
    ["odd results", { does: "give", what: rng.pick(["undefined", "bigint", "cycle", "function", "null"]) }],
    ["long results", { does: "answer", chars: rng.logInteger(Math.floor(draw.nCtx / 4), draw.nCtx * 4) }],
    ["obey", { does: "answer", chars: 20, inject: rng.pick(["unknown", name]) }],
    ["nested generate", { does: "generate", from, maxTokens: rng.pick([4, 40]), script: drawAnswer(draw) }],
  ];
  const team = depth === 0 && draw.on("nested pool") ? drawTeam(draw.fork("team"), `${name}x`, depth + 1) : undefined;
  if (team) acts.push(["nested pool", { does: "pool", from, team }]);
  return draw.oneOf(acts, [{ does: "answer", chars: rng.integer(0, 80) }]);
}

export function drawAnswer(draw: Draw): TurnScript {
  return draw.oneOf<TurnScript>(
    [["never stop", { does: "never stop" }]],
    [{ does: "say", chars: 12 }, { does: "hash" }],
  );
}
