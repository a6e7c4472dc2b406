import { isAbsolute } from "node:path";
import { type ErrorFacts, InferenceError } from "@lloyal-labs/sdk";
import { type Binary, binaries } from "./platforms.ts";

export interface Machine {
  /** `process.platform` */
  os: string;
  /** `process.arch` */
  cpu: string;
  /** Whose programs run here; undefined where that is not Linux, or not to be told. */
  libc: "glibc" | "musl" | undefined;
}

/** An addon that might be loaded. */
export type Candidate =
  | { source: "LLOYAL_ADDON" | "build"; name: string; path: string }
  | { source: "package"; name: string; binary: Binary };

export interface Refusal {
  name: string;
  /** A clause: "is not installed". */
  reason: string;
  cause?: unknown;
}

/**
 * What to try, in order: the addon that `LLOYAL_ADDON` names and no other, since a wish must not be replaced in silence;
 * the one that was built in this clone and no other, since it is what a developer works on; then the packages for this
 * machine, those for a GPU first.
 *
 * @param wish - `LLOYAL_ADDON`
 * @param built - the path where a build leaves its addon; undefined where there is none
 */
export function planCandidates(machine: Machine, wish: string | undefined, built: string | undefined): Candidate[] {
  if (wish) return [{ source: "LLOYAL_ADDON", name: "LLOYAL_ADDON", path: wish }];
  if (built) return [{ source: "build", name: "the addon of this clone", path: built }];
  return binariesFor(machine).map((binary) => ({ source: "package", name: binary.name, binary }));
}

/** Why a candidate is refused without a look at its file; undefined for no reason. */
export function wrongPath(path: string): string | undefined {
  return isAbsolute(path) ? undefined : `names ${path}, which is not an absolute path`;
}

/** Why an addon, or its package, is refused for its version; undefined for the right one. */
export function wrongVersion(found: unknown, wanted: string): string | undefined {
  return found === wanted ? undefined : `is of version ${found ?? "unknown"}, and ${wanted} is needed`;
}

/**
 * Why a loaded addon is refused for what it computes on; undefined for no reason.
 *
 * @param log - what the system's loader said of libraries that it left out
 */
export function wrongDevices(
  candidate: Candidate,
  devices: readonly { isGpu: boolean }[],
  log: string,
): string | undefined {
  const because = log && ` (${log})`;
  if (devices.length === 0) return `has no library that runs on this CPU${because}`;
  const isForGpu = candidate.source === "package" && !candidate.binary.isDefault;
  return isForGpu && !devices.some(({ isGpu }) => isGpu) ? `finds no GPU${because}` : undefined;
}

/** The error where nothing could be loaded. Its facts hold the reason of each candidate. */
export function noAddon(machine: Machine, version: string, refusals: readonly Refusal[]): InferenceError {
  const { os, cpu, libc } = machine;
  const here = `${os} ${cpu}${libc ? ` (${libc})` : ""}`;
  const reasons = refusals.map(({ name, reason }) => `${name} ${reason}`);
  const what = reasons.length > 0 ? reasons.join("; ") : "there is no prebuilt binary for it";
  const facts: ErrorFacts = {
    platform: os,
    arch: cpu,
    libc,
    version,
    ...Object.fromEntries(refusals.map(({ name, reason }) => [name, reason])),
  };
  const cause = refusals.find((refusal) => refusal.cause !== undefined)?.cause;
  const remedy = remedyFor(machine, version, refusals);
  return new InferenceError("BACKEND_UNAVAILABLE", `no native addon on ${here}: ${what}.`, { facts, remedy, cause });
}

function binariesFor({ os, cpu, libc }: Machine): Binary[] {
  if (libc === "musl") return [];
  return binaries.filter((binary) => binary.os === os && binary.cpu === cpu);
}

function remedyFor(machine: Machine, version: string, refusals: readonly Refusal[]): string {
  const [first] = refusals;
  if (first?.name === "LLOYAL_ADDON") return "Correct LLOYAL_ADDON, or unset it.";
  const fitting = binariesFor(machine).find(({ isDefault }) => isDefault);
  if (fitting && first?.name.startsWith("@"))
    return `Run \`npm install ${fitting.name}@${version}\`; it is left out where optional dependencies are.`;
  const clone = "Run `npm start` in a clone of the repository";
  if (first) return `${clone}, which builds it anew.`;
  const elsewhere = machine.libc === "musl" ? "Use a system with glibc, such as Debian. Or: " : "";
  return `${elsewhere}${clone}, and set LLOYAL_ADDON to the path of packages/node/build/lloyal.node.`;
}
