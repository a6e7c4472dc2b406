import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";

/** `pid.start.random@place`, as it stands in the name of a folder and in a lock. */
const form = /^(\d+)\.([\w-]*)\.[0-9a-f]{12}@(.+)$/;

/** A name for something of this process that another process can ask `ownerState` about, now or after a crash. */
export async function newOwnerName(): Promise<string> {
  const [start, place] = await Promise.all([startOf(process.pid), placeName()]);
  return `${process.pid}.${start ?? ""}.${randomBytes(6).toString("hex")}@${place}`;
}

/**
 * Whether the process that a name speaks of still runs. `elsewhere`: on another machine or in another container, where
 * its number means nothing to us. Undefined: not a name of ours.
 */
export async function ownerState(name: string): Promise<"alive" | "dead" | "elsewhere" | undefined> {
  const [, pid, start, place] = form.exec(name) ?? [];
  if (pid === undefined) return undefined;
  if (place !== (await placeName())) return "elsewhere";
  if (!isInUse(Number(pid))) return "dead";
  // The number may have gone to a new process: it is the same one only when it began at the same moment.
  const found = await startOf(Number(pid));
  return found === undefined || start === "" || found === start ? "alive" : "dead";
}

function isInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process began, in whatever form this system tells it; undefined where it does not. */
async function startOf(pid: number): Promise<string | undefined> {
  return (await startFromProc(pid)) ?? (await startFromPs(pid));
}

async function startFromProc(pid: number): Promise<string | undefined> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "latin1");
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    // The program's name, in parentheses, may hold anything. After it: the state, and as the 20th field the start in
    // ticks since boot.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if ("ZX".includes(fields[0]!)) return "ended"; // killed, but nobody has waited for it yet
    return `${boot.slice(0, 8)}-${fields[19]}`;
  } catch {
    return undefined;
  }
}

async function startFromPs(pid: number): Promise<string | undefined> {
  try {
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    const { stdout } = await promisify(execFile)("ps", ["-o", "lstart=", "-p", `${pid}`], { env });
    return stdout.trim().replace(/\W+/g, "-");
  } catch {
    return undefined;
  }
}

async function placeName(): Promise<string> {
  // Containers may share a cache and even a host name, but not their process numbers.
  const pidSpace = await readlink("/proc/self/ns/pid").catch(() => "");
  return `${hostname()}~${pidSpace}`.replace(/[^\w.~-]+/g, "");
}
