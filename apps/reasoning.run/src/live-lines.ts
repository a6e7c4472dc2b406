import type { AgentEvent } from "@lloyal-labs/lloyal-agents";
import { printable } from "@lloyal-labs/rig";

/** Says on stderr what happens: one line per step, per agent's call and per end. Never on stdout. */
export function createLiveLines(verbose: boolean): {
  say(line: string): void;
  progress(line: string): void;
  onEvent(event: AgentEvent): void;
} {
  const tty = process.stderr.isTTY === true;
  let open = false;
  let lastProgress = 0;
  const say = (line: string) => {
    process.stderr.write(`${open ? "\r\x1b[K" : ""}${printable(line)}\n`);
    open = false;
  };
  return {
    say,
    // In place on a terminal; elsewhere a line every few seconds, so that a log stays readable.
    progress(line) {
      const now = Date.now();
      if (tty) {
        process.stderr.write(`\r\x1b[K${printable(line)}`);
        open = true;
      } else if (now - lastProgress > 5000) {
        process.stderr.write(`${printable(line)}\n`);
        lastProgress = now;
      }
    },
    onEvent(event) {
      if (event.type === "agent:spawn") say(`  ${event.agentId}  ${shorten(event.task)}`);
      else if (event.type === "agent:tool_call")
        say(`  ${event.agentId}  ${event.tool} ${shorten(JSON.stringify(event.args))}`);
      else if (event.type === "agent:tool_result" && verbose) say(indent(event.prefilled));
      else if (event.type === "agent:done")
        say(`  ${event.agentId}  ${event.outcome}${event.reason ? `: ${event.reason}` : ""}`);
    },
  };
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `      ${line}`)
    .join("\n");
}
