import { runStep } from "./run-step.mjs";

/**
 * The newest versions of the system's libraries that files ask for: on an older system they do not load.
 *
 * @param {import("./context.mjs").Context} context
 * @param {readonly string[]} files
 * @returns {Promise<string>} such as `GLIBC_2.34, GLIBCXX_3.4.30`
 */
export async function neededVersions(context, files) {
  const libraries = files.filter((file) => /\.(?:so|node)$/.test(file));
  return newestVersions(await runStep(context, "objdump", "objdump", ["-T", ...libraries])).join(", ");
}

/**
 * @param {string} symbols - what `objdump -T` prints
 * @returns {string[]} one for each library, by name
 */
export function newestVersions(symbols) {
  /** @type {Record<string, string>} */
  const newest = {};
  for (const [, library = "", version = ""] of symbols.matchAll(/\b(GLIBC|GLIBCXX|CXXABI|GCC)_([\d.]+\d)/g)) {
    const last = newest[library];
    if (last === undefined || isNewer(version, last)) newest[library] = version;
  }
  return Object.entries(newest)
    .map(([library, version]) => `${library}_${version}`)
    .sort();
}

/**
 * @param {string} version
 * @param {string} other
 */
function isNewer(version, other) {
  return version.localeCompare(other, "en", { numeric: true }) > 0;
}
