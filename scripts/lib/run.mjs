import { spawn, spawnSync } from "node:child_process";

const patienceMs = 3_000;
const isWindows = process.platform === "win32";

/** @type {Set<number>} */
const groups = new Set();
// Whatever ends this process, short of SIGKILL, ends its children.
process.on("exit", () => {
  for (const pid of groups) signalGroup(pid, "SIGKILL");
});

/**
 * Runs a program and collects what it writes. It leads a process group of its own, and on abort the whole group is
 * ended before the promise rejects: compilers are grandchildren, and none may write into a folder that is being removed.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} options
 * @param {string} options.cwd
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal} options.signal
 * @param {(line: string) => void} [options.onLine] - each line of either stream, as it comes
 * @param {NodeJS.WritableStream} [options.echo] - gets everything as it comes
 * @returns {Promise<{ exitCode: number, output: string }>} exit code as a shell gives it: 127 where there is no such program
 */
export async function run(command, args, { cwd, env, signal, onLine, echo }) {
  signal.throwIfAborted();
  const child = spawn(...platformCommand(command, args), {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: !isWindows, // there it would mean a console window of its own, and no group
  });
  const { pid } = child;
  if (pid) groups.add(pid);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      output += text;
      echo?.write(text);
      if (!onLine) return;
      const lines = (rest + text).split(/[\r\n]+/);
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
  }
  /** @type {NodeJS.Timeout | undefined} */
  let impatience;
  const abort = () => {
    if (!pid) return;
    signalGroup(pid, "SIGTERM");
    impatience = setTimeout(() => signalGroup(pid, "SIGKILL"), patienceMs);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    /** @type {number} */
    const exitCode = await new Promise((resolve, reject) => {
      child.on("error", (/** @type {NodeJS.ErrnoException} */ error) =>
        error.code === "ENOENT" ? resolve(127) : reject(error),
      );
      child.on("close", (code) => resolve(code ?? 1));
    });
    // Whoever outlived the leader. Windows has no groups, and the number may be another process's by now.
    if (pid && (signal.aborted || !isWindows)) signalGroup(pid, "SIGKILL");
    signal.throwIfAborted();
    return { exitCode, output };
  } finally {
    clearTimeout(impatience);
    signal.removeEventListener("abort", abort);
    if (pid) groups.delete(pid);
  }
}

/**
 * npm and pnpm are batch files on Windows, which `spawn` starts through a command interpreter only.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {[string, string[]]}
 */
function platformCommand(command, args) {
  const isBatch = isWindows && ["npm", "pnpm"].includes(command);
  return isBatch ? ["cmd.exe", ["/d", "/c", command, ...args]] : [command, [...args]];
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function signalGroup(pid, signal) {
  if (isWindows) {
    spawnSync("taskkill", ["/pid", String(pid), "/t", "/f"]);
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: all of them are gone already.
  }
}
