import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import type { Environment } from "./cache.ts";

export interface ChildResult {
  /** As a shell gives it: 127 where there is no such program. */
  exitCode: number;
  /** The end of what it wrote to stderr. */
  errorText: string;
}

const errorTextMax = 8_192;
const patienceMs = 3_000;

/**
 * Runs a program to its end. On abort the whole process group is ended first, then the reason is thrown:
 * a client such as pip may have children of its own, and none may write into a folder that is being removed.
 */
export async function runChild(
  command: string,
  args: readonly string[],
  options: { env?: Environment; signal?: AbortSignal },
): Promise<ChildResult> {
  options.signal?.throwIfAborted();
  const child = spawn(command, args, {
    env: options.env,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true, // leads a process group, which can be ended as one
  });
  let errorText = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errorText = (errorText + text).slice(-errorTextMax);
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? resolve(127) : reject(error)));
    child.on("close", (code) => resolve(code ?? 1));
  });
  let impatience: NodeJS.Timeout | undefined;
  const abort = () => {
    signalGroup(child, "SIGTERM");
    impatience = setTimeout(() => signalGroup(child, "SIGKILL"), patienceMs);
  };
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    const exitCode = await ended;
    if (options.signal?.aborted) signalGroup(child, "SIGKILL"); // whoever outlived the leader
    options.signal?.throwIfAborted();
    return { exitCode, errorText };
  } finally {
    clearTimeout(impatience);
    options.signal?.removeEventListener("abort", abort);
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // ESRCH: all of them are gone already.
  }
}
