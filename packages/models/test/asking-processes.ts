import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ModelEntry } from "../src/model-entry.ts";

const script = fileURLToPath(new URL("asking-process.ts", import.meta.url));

export interface Asking {
  child: ChildProcess;
  /** Lets it ask. */
  go(): void;
  /** How it ended: the calls of the file system that it made, or the signal that killed it. */
  ended: Promise<{ calls?: number; signal: NodeJS.Signals | null; errorText: string }>;
}

/** Starts processes that will ask for a model, and waits until all of them are ready to. */
export async function startAsking(
  count: number,
  order: { entry: ModelEntry; killAt?: number },
  env: Record<string, string | undefined>,
): Promise<Asking[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), script, JSON.stringify(order)], {
        env: { PATH: process.env.PATH, ...env },
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      });
      let errorText = "";
      child.stderr!.setEncoding("utf8").on("data", (text: string) => {
        errorText += text;
      });
      const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
      await Promise.race([once(child, "message"), closed.then(() => Promise.reject(new Error(errorText)))]);
      let calls: number | undefined;
      child.on("message", (message) => {
        calls = message as number;
      });
      return { child, go: () => child.send("go"), ended: closed.then(([, signal]) => ({ calls, signal, errorText })) };
    }),
  );
}
