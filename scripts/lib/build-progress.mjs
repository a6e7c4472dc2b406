/**
 * Reads how far a build is out of a line of ninja (`[12/245] Building …`) or make (`[ 12%] Building …`).
 *
 * @param {string} line
 * @returns {string | undefined} `12/245` or `12%`
 */
export function parseBuildProgress(line) {
  const [, steps, percent] = /\[\s*(?:(\d+\/\d+)|(\d+%))\]/.exec(line) ?? [];
  return steps ?? percent;
}
