import type { ToolCall } from "@lloyal-labs/sdk";

/** What the end of a turn asks for. */
export type TurnEnd =
  | { kind: "return"; result: unknown }
  | { kind: "calls"; calls: readonly ToolCall[] }
  /** The turn cannot be acted on; the agent reads the note as the answer and goes on. */
  | { kind: "note"; note: string };

/**
 * Reads a finished turn. The terminal tool wins over other calls of the same turn. Without a terminal tool a
 * turn that calls nothing is the agent's result.
 */
export function readTurn(
  turn: { content: string; toolCalls: readonly ToolCall[]; malformed: readonly { reason: string }[] },
  offered: { tools: readonly string[]; terminal: string | undefined },
): TurnEnd {
  const terminal = turn.toolCalls.find((call) => call.name === offered.terminal);
  if (terminal) return { kind: "return", result: terminal.args };
  if (turn.toolCalls.length > 0) return { kind: "calls", calls: turn.toolCalls };
  if (turn.malformed[0]) return { kind: "note", note: `That call could not be read: ${turn.malformed[0].reason}.` };
  if (offered.terminal === undefined) return { kind: "return", result: turn.content };
  return { kind: "note", note: `Call one of these tools: ${offered.tools.join(", ")}.` };
}
