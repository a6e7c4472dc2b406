import { Branch } from "@lloyal-labs/sdk";
import { createSimulatedContext } from "@lloyal-labs/sdk/testing";
import { type Operation, run, suspend } from "effection";
import { describe, expect, it } from "vitest";
import { runTool, type ToolOutcome } from "./run-tool.ts";
import { Tool, type ToolContext } from "./tool.ts";

const branch = Branch.create(createSimulatedContext({}), 0);

/** One call of a tool whose body is `body`, with these arguments. */
function runWith(
  body: (context: ToolContext | undefined) => Operation<unknown>,
  args: Record<string, unknown> = { query: "tides" },
  onProgress: () => void = () => {},
): Operation<ToolOutcome> {
  class Lookup extends Tool<{ query: string }> {
    readonly name = "lookup";
    readonly description = "Look something up.";
    readonly parameters = { type: "object", properties: { query: { type: "string" } }, required: ["query"] };
    *execute(_args: { query: string }, context?: ToolContext): Operation<unknown> {
      return yield* body(context);
    }
  }
  return runTool(new Lookup(), { agentId: "a1", callId: "a1.1.1", branch, args, turn: 1, onProgress });
}

describe("a call", () => {
  it("may use its agent's branch while it runs, and not afterwards", async () => {
    let kept: ToolContext | undefined;
    let during: Branch | undefined;
    await run(() =>
      runWith(function* (context) {
        kept = context;
        during = context?.branch;
      }),
    );
    expect(during).toBe(branch);
    expect(() => kept?.branch).toThrow(/has ended/);
  });

  it("loses the use of the branch when it is halted, and reports no progress any more", async () => {
    let kept: ToolContext | undefined;
    let progress = 0;
    const task = run(() =>
      runWith(
        function* (context) {
          kept = context;
          yield* suspend();
        },
        { query: "tides" },
        () => {
          progress += 1;
        },
      ),
    );
    kept?.onProgress({ filled: 1, total: 2 });
    await task.halt();
    kept?.onProgress({ filled: 2, total: 2 });
    expect(progress).toBe(1);
    expect(() => kept?.branch).toThrow(/has ended/);
  });

  it("with arguments that its schema forbids never reaches the tool", async () => {
    let reached = false;
    const outcome = await run(() =>
      runWith(
        function* () {
          reached = true;
        },
        { query: 7 },
      ),
    );
    expect(reached).toBe(false);
    expect(outcome.failed).toBe(true);
    expect(outcome.text).toContain("arguments of lookup are wrong");
  });
});
