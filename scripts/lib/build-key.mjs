import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { run } from "./run.mjs";
import { findTool } from "./tools.mjs";

/**
 * Names a build by all that decides its bytes: two machines that share a cache (a home on a network disk, a CI cache)
 * must not share a build that was made for one CPU, and a new compiler must not link against objects of the old one.
 *
 * @param {{ commit: string, flags: readonly string[], compiler: string, cpu: string, variables: string }} identity
 */
export function buildKey(identity) {
  const { commit, flags, compiler, cpu, variables } = identity;
  const text = JSON.stringify([commit, flags, compiler, cpu, variables]);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** @param {import("./context.mjs").Context} context */
export async function compilerIdentity({ root, env, signal }) {
  const command = env.CXX || findTool(["c++", "g++", "clang++"], env) || "c++";
  const { output } = await run(command, ["--version"], { cwd: root, env, signal });
  return output.split("\n", 1)[0] ?? "";
}

/** @param {import("./context.mjs").Context} context */
export async function cpuIdentity({ root, env, signal }) {
  const machine = `${platform()} ${arch()}`;
  if (platform() === "darwin") {
    const names = ["machdep.cpu.brand_string", "hw.optional"];
    return `${machine}\n${(await run("sysctl", names, { cwd: root, env, signal })).output}`;
  }
  return `${machine}\n${firstCpu(readFileSync("/proc/cpuinfo", "utf8"))}`;
}

/**
 * What `-march=native` looks at, without what changes from moment to moment (clock) or from core to core (number).
 *
 * @param {string} cpuinfo - the text of /proc/cpuinfo
 */
export function firstCpu(cpuinfo) {
  const first = cpuinfo.split("\n\n", 1)[0] ?? "";
  const lasting = /^(vendor_id|cpu family|model|model name|flags|Features|CPU (implementer|architecture|part))\s*:/;
  return first
    .split("\n")
    .filter((line) => lasting.test(line))
    .join("\n");
}

/**
 * The variables that cmake and compilers read.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function compilerVariables(env) {
  return ["CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS"].map((name) => `${name}=${env[name] ?? ""}`).join("\n");
}
