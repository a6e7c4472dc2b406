import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * @typedef {import("../../packages/node/src/binding/platforms.ts").Binary} Binary
 * @typedef {typeof import("../../packages/node/src/binding/platforms.ts")} PlatformTable
 */

/**
 * The table of binary packages, as the loader has it. TypeScript must have been built.
 *
 * @param {string} root - the repository
 * @returns {Promise<PlatformTable>}
 */
export function platformTable(root) {
  return import(pathToFileURL(join(root, "packages", "node", "dist", "binding", "platforms.js")).href);
}

/**
 * The manifest of a binary package.
 *
 * @param {Binary} binary
 * @param {{ version: string, license: string, engines: object }} manifest - of `@lloyal-labs/lloyal.node`
 * @param {string | undefined} repository - `owner/name` on GitHub; npm wants it where a package tells its provenance
 */
export function binaryManifest({ os, cpu, gpu, name }, { version, license, engines }, repository) {
  return {
    name,
    version,
    description: `The native part of @lloyal-labs/lloyal.node for ${os} ${cpu}, ${gpu}`,
    license,
    ...repositoryField(repository),
    type: "commonjs",
    engines,
    os: [os],
    cpu: [cpu],
    ...(os === "linux" && { libc: ["glibc"] }),
    preferUnplugged: true, // a library is loaded from a real file, never out of an archive
  };
}

/** @param {string | undefined} repository - `owner/name` on GitHub */
export function repositoryField(repository) {
  return repository ? { repository: { type: "git", url: `git+https://github.com/${repository}.git` } } : {};
}

/** @param {Binary} binary */
export function binaryReadme({ os, cpu, gpu, name }) {
  return `# ${name}

The native part of [@lloyal-labs/lloyal.node](https://www.npmjs.com/package/@lloyal-labs/lloyal.node) for ${os} ${cpu}, ${gpu}.
Nothing imports it by name: that package loads it where it is installed, in its own version. It holds llama.cpp (MIT).
`;
}

/**
 * What is wrong with the files of a binary package, beside what is asked of every package.
 *
 * @param {readonly string[]} files
 * @param {Binary} binary
 * @returns {string[]}
 */
export function binaryComplaints(files, { os, gpu }) {
  const backend = os === "win32" ? /^ggml-(\w+)-.*\.dll$/ : /^libggml-(\w+)-.*\.so$/;
  const library = os === "win32" ? /\.dll$/ : os === "darwin" ? /\.(?:dylib|so)$/ : /\.so$/;
  const families = new Set(files.map((file) => backend.exec(file)?.[1]));
  const expected = ["package.json", "README.md", "LICENSE", "LICENSE-llama.cpp", "lloyal.node"];
  return [
    ...expected.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...["cpu", gpu].filter((family) => !families.has(family)).map((family) => `no library computes on ${family}`),
    ...files.filter((file) => !expected.includes(file) && !library.test(file)).map((file) => `what is ${file}?`),
  ];
}

/**
 * What the packed `@lloyal-labs/lloyal.node` does not say of its binaries: `.pnpmfile.cjs` names them.
 *
 * @param {readonly { name: string, manifest: object }[]} packages
 * @param {PlatformTable} table
 * @returns {string[]}
 */
export function missingBinaries(packages, { binaryDependencies }) {
  const packed = packages.find(({ name }) => name === "@lloyal-labs/lloyal.node");
  const manifest = /** @type {Record<string, any>} */ (packed?.manifest ?? {});
  return Object.entries(binaryDependencies(manifest.version)).flatMap(([field, wanted]) => {
    const has = manifest[field] ?? {};
    const missing = Object.entries(wanted).filter(
      ([name, value]) => JSON.stringify(has[name]) !== JSON.stringify(value),
    );
    return missing.map(([name]) => `@lloyal-labs/lloyal.node: ${field} lacks ${name}`);
  });
}

/**
 * Why a set of packed binary packages must not be published.
 *
 * @param {readonly { name: string, manifest: { version?: string }, files: readonly string[] }[]} packages
 * @param {PlatformTable} table
 * @param {string} version - of `@lloyal-labs/lloyal.node`
 * @returns {string[]}
 */
export function binariesComplaints(packages, { binaries }, version) {
  const strangers = packages.filter(({ name }) => !binaries.some((binary) => binary.name === name));
  return [
    ...strangers.map(({ name }) => `${name} is none of the binaries`),
    ...binaries.flatMap((binary) => {
      const packed = packages.find(({ name }) => name === binary.name);
      if (!packed) return [`${binary.name} is missing`];
      const isOld = packed.manifest.version !== version;
      const complaints = [
        ...binaryComplaints(packed.files, binary),
        ...(isOld ? [`its version is not ${version}`] : []),
      ];
      return complaints.map((complaint) => `${binary.name}: ${complaint}`);
    }),
  ];
}
