import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Problem } from "./problem.mjs";
import { run } from "./run.mjs";

const nodeMin = [20, 19];

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string[]} commands - any of these will do
 * @property {string} debian - the package that brings it
 * @property {string} mac - the command that brings it
 */

/** @type {Tool[]} */
const tools = [
  { name: "git", commands: ["git"], debian: "git", mac: "xcode-select --install" },
  { name: "cmake", commands: ["cmake"], debian: "cmake", mac: "brew install cmake" },
  {
    name: "a C++ compiler",
    commands: ["c++", "g++", "clang++"],
    debian: "g++",
    mac: "xcode-select --install",
  },
  { name: "make or ninja", commands: ["ninja", "make"], debian: "make", mac: "xcode-select --install" },
];

/** @type {Tool} */
const pip = {
  name: "pip (for the model)",
  commands: ["pip3", "pip"],
  debian: "python3-pip",
  mac: "brew install python",
};

/**
 * @param {import("./context.mjs").Context} context
 * @param {{ needsPip: boolean }} options
 * @throws Problem with one line: what is missing, and the command that installs it
 */
export async function checkTools(context, { needsPip }) {
  const message = oldNode(process.versions.node);
  if (message) throw new Problem(message);
  const missing = tools.filter((tool) => !findTool(tool.commands, context.env));
  if (needsPip && !(await hasPip(context))) missing.push(pip);
  if (missing.length > 0) throw new Problem(missingToolsMessage(missing, process.platform));
}

/** @param {string} version */
export function oldNode(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = nodeMin;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return undefined;
  return `Node ${version} is too old; ${nodeMin.join(".")} or newer is needed. Install it: https://nodejs.org/en/download`;
}

/**
 * @param {readonly Tool[]} missing
 * @param {string} platform
 */
export function missingToolsMessage(missing, platform) {
  const names = missing.map(({ name }) => name).join(", ");
  const install =
    platform === "darwin"
      ? [...new Set(missing.map(({ mac }) => mac))].join(" && ")
      : `sudo apt-get install -y ${missing.map(({ debian }) => debian).join(" ")}`;
  return `Missing: ${names}. Install with: ${install}`;
}

/**
 * @param {readonly string[]} commands
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} the path of the first that is there
 */
export function findTool(commands, env) {
  for (const command of commands) {
    for (const folder of (env.PATH ?? "").split(delimiter)) {
      const path = join(folder, command);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // not here
      }
    }
  }
  return undefined;
}

/** @param {import("./context.mjs").Context} context */
async function hasPip({ root, env, signal }) {
  if (findTool(pip.commands, env)) return true;
  const { exitCode } = await run("python3", ["-m", "pip", "--version"], { cwd: root, env, signal });
  return exitCode === 0;
}

/**
 * Whether a model will have to be downloaded, judged by the names in the cache: whether they are right is checked later.
 *
 * @param {string} cache
 * @param {readonly string[]} names - all of these are wanted; none given means that any model will do
 */
export function lacksModel(cache, names) {
  /** @type {string[]} */
  let cached = [];
  try {
    cached = readdirSync(join(cache, "models"));
  } catch {
    // no cache yet
  }
  if (names.length === 0) return !cached.some((file) => file.endsWith(".gguf"));
  return names.some((name) => !cached.some((file) => file.endsWith(`-${name}.gguf`)));
}
