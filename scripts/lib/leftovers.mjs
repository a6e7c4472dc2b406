import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Which compiled files have lost their source: `tsc -b` never removes what it wrote for a file that is gone.
 *
 * @param {readonly string[]} compiled - paths below `dist`, with slashes
 * @param {readonly string[]} sources - paths below `src`
 */
export function withoutSource(compiled, sources) {
  const alive = new Set(sources.map((path) => path.replace(/\.ts$/, "")));
  return compiled.filter((path) => {
    const [, source] = /^(.*)\.(?:js|d\.ts)(?:\.map)?$/.exec(path) ?? [];
    return source !== undefined && !alive.has(source);
  });
}

/** @param {string} folder - of a package */
export async function removeLeftovers(folder) {
  const [dist, src] = [join(folder, "dist"), join(folder, "src")];
  const leftovers = withoutSource(await filesBelow(dist), await filesBelow(src));
  await Promise.all(leftovers.map((path) => rm(join(dist, path))));
}

/** @param {string} folder */
async function filesBelow(folder) {
  const paths = await readdir(folder, { recursive: true });
  return paths.map((path) => path.replaceAll("\\", "/"));
}
