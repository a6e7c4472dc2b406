/**
 * @typedef {object} Manifest
 * @property {string} [name]
 * @property {unknown} [exports]
 * @property {Record<string, string>} [bin]
 * @property {Record<string, string>} [dependencies]
 * @property {string} [version]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {{ node?: string }} [engines]
 */

/**
 * What is wrong with the list of files of a packed package, by the rules of this repository: sources go along for the
 * declaration maps, tests and what only tests use do not.
 *
 * @param {readonly string[]} files - paths inside the package
 * @param {Manifest} manifest
 * @returns {string[]}
 */
export function contentComplaints(files, manifest) {
  const has = new Set(files);
  const exported = JSON.stringify(manifest.exports ?? {});
  /** @type {(path: string) => string | undefined} */
  const complaint = (path) => {
    if (/\.test\.\w|\.tsbuildinfo$/.test(path)) return `${path} is of no use to a user`;
    const [testing] = /^.*?\btesting\//.exec(path) ?? [];
    if (testing && !exported.includes(`"./${testing}`)) return `${path} is for tests alone`;
    return undefined;
  };
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies });
  return [
    ...["README.md", "LICENSE"].filter((path) => !has.has(path)).map((path) => `${path} is missing`),
    ...files.flatMap((path) => complaint(path) ?? []),
    ...ranges
      .filter(([, range]) => /^(workspace|catalog):/.test(range))
      .map(([name, range]) => `nobody outside can read ${range} of ${name}`),
    ...(manifest.engines?.node ? [] : ["engines.node is missing"]),
  ];
}
