import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * What every step of the set-up is given.
 *
 * @typedef {object} Context
 * @property {string} root - the repository
 * @property {string} cache - everything that can be fetched or built again lies here
 * @property {NodeJS.ProcessEnv} env - for child processes
 * @property {AbortSignal} signal - aborted by Ctrl-C
 */

/**
 * @param {AbortSignal} signal
 * @returns {Context}
 */
export function createContext(signal) {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
  // Inside a git hook these point at this repository, and would do so for every git that we start elsewhere.
  for (const name of ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"]) delete env[name];
  return { root, cache: cacheRoot(env), env, signal };
}

/**
 * The rule of `packages/models/src/cache.ts`, said again because this runs before anything is built.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheRoot(env) {
  const base = env.XDG_CACHE_HOME;
  return join(base && isAbsolute(base) ? base : join(homedir(), ".cache"), "lloyal");
}
