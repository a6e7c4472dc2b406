import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import type { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import type { Machine } from "./arm.ts";

export interface Completion {
  tokens: number[];
  timings: {
    /** Tokens of the prompt that were found in the slot. */
    cache_n: number;
    prompt_n: number;
    predicted_n: number;
  };
}

export interface LlamaServer {
  /** POSTs JSON and gives the JSON of the answer. */
  post<T>(path: string, body: object): Promise<T>;
  stop(): Promise<void>;
}

export interface ServerOptions extends Machine {
  program: string;
  slots: number;
  cells: number;
  /** Where slots are saved. */
  slotFolder?: string;
}

/** A server of this machine alone, on a port that the system chooses, with its model loaded. */
export async function startLlamaServer(options: ServerOptions): Promise<LlamaServer> {
  const { program, modelPath, threads, slots, cells, slotFolder } = options;
  const child = spawn(
    program,
    [
      ...["-m", modelPath, "-t", String(threads), "-tb", String(threads), "-ngl", "0"],
      ...["-np", String(slots), "-c", String(cells), "--host", "127.0.0.1", "--port", "0"],
      // Three times as fast here as with cells that slots share, where each row goes over all slots' cells.
      ...["--no-kv-unified", "-fa", "off"],
      // Else a request that comes while other slots are idle takes their cells away from them.
      ...["--cache-ram", "0", "--no-cache-idle-slots"],
      ...["--no-ui", "--log-colors", "off"],
      ...(slotFolder ? ["--slot-save-path", slotFolder] : []),
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  try {
    const address = await addressOf(child);
    return {
      post: (path, body) => post(new URL(path, address), body),
      async stop() {
        process.off("exit", end);
        child.kill("SIGTERM");
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      },
    };
  } catch (error) {
    end();
    throw error;
  }
}

/** It says on which port it listens when the model is loaded. */
function addressOf({ stdout, stderr }: ChildProcessByStdio<null, Readable, Readable>): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = "";
    for (const stream of [stdout, stderr])
      stream
        .setEncoding("utf8")
        .on("data", (text: string) => {
          log += text;
          const [, address] = /listening on (http:\/\/[\d.:]+)/.exec(log) ?? [];
          if (address) resolve(address);
        })
        .on("close", () => reject(new Error(`llama-server does not listen:\n${log.slice(-2000)}`)));
  });
}

/** Not `fetch`, which gives up after five minutes. */
async function post<T>(url: URL, body: object): Promise<T> {
  const asked = request(url, { method: "POST", headers: { "content-type": "application/json" } });
  asked.end(JSON.stringify(body));
  const [response] = await once(asked, "response");
  const answer = await json(response);
  if (response.statusCode !== 200) throw new Error(`llama-server: ${url.pathname}: ${JSON.stringify(answer)}`);
  return answer as T;
}
