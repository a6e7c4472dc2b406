import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  type Candidate,
  type Machine,
  noAddon,
  planCandidates,
  type Refusal,
  wrongDevices,
  wrongPath,
  wrongVersion,
} from "./choose-binary.ts";
import { unfitFile } from "./library-files.ts";
import type { NativeAddon, NativeDevice } from "./native.ts";

/** The native addon that runs, and why that one. */
export interface NativeBinary {
  /** `LLOYAL_ADDON`, the build of a clone, or an installed package. */
  source: Candidate["source"];
  /** Of the package; else in words. */
  name: string;
  path: string;
  /** What it computes on. `library` of the CPU names the variant that suits this machine best. */
  devices: readonly NativeDevice[];
  /** What was tried before, and why it was left. */
  passedOver: readonly { name: string; reason: string }[];
}

/**
 * Loads the first addon that will do. BACKEND_UNAVAILABLE with everybody's reason where none does.
 *
 * @param own - the folder of this package: its version is the one that an addon must have, its build comes before
 *   installed packages, and these are searched from there
 * @param wish - `LLOYAL_ADDON`
 */
export function chooseAddon(
  own: string,
  wish: string | undefined,
  machine: Machine,
): { addon: NativeAddon; binary: NativeBinary } {
  const version = versionIn(own);
  const build = join(own, "build", "lloyal.node");
  const require = createRequire(join(own, "package.json"));
  const refusals: Refusal[] = [];
  for (const candidate of planCandidates(machine, wish, existsSync(build) ? build : undefined)) {
    const { source, name } = candidate;
    const result = tryCandidate(require, candidate, machine, version);
    if ("reason" in result) {
      refusals.push({ name, ...result });
      continue;
    }
    const passedOver = refusals.map((refusal) => ({ name: refusal.name, reason: refusal.reason }));
    return { addon: result.addon, binary: { source, name, path: result.path, devices: result.devices, passedOver } };
  }
  throw noAddon(machine, version, refusals);
}

type Attempt = { addon: NativeAddon; path: string; devices: NativeDevice[] } | Omit<Refusal, "name">;

function tryCandidate(require: NodeJS.Require, candidate: Candidate, machine: Machine, version: string): Attempt {
  try {
    const path = candidate.source === "package" ? installedPath(require, candidate.name) : candidate.path;
    if (path === undefined) return { reason: "is not installed" };
    const ofPackage = candidate.source === "package" ? versionIn(dirname(path)) : version;
    const reason = wrongPath(path) ?? wrongVersion(ofPackage, version) ?? unfitFile(path, machine);
    if (reason) return { reason };
    const addon = require(path) as NativeAddon;
    const wrong = wrongVersion(addon.version, version);
    if (wrong) return { reason: wrong };
    const devices = addon.devices();
    const unfit = wrongDevices(candidate, devices, addon.backendLog());
    return unfit ? { reason: unfit } : { addon, path, devices };
  } catch (cause) {
    return { reason: `does not load (${cause instanceof Error ? cause.message : cause})`, cause };
  }
}

function installedPath(require: NodeJS.Require, name: string): string | undefined {
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), "lloyal.node");
  } catch {
    return undefined;
  }
}

function versionIn(folder: string): string {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
}
