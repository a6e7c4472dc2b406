import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "./problem.mjs";
import { examplesIn, toJavaScript } from "./readme-examples.mjs";
import { run } from "./run.mjs";
import { runStep } from "./run-step.mjs";

/**
 * @typedef {import("./packed-packages.mjs").PackedPackage} PackedPackage
 * @typedef {Readonly<Record<string, string>>} Tarballs - paths by the names of packages
 */

/**
 * Installs the tarballs together, outside of the repository, as npm would for a user. Ours come from the tarballs
 * alone: on a registry the names may stand for something else.
 *
 * @param {import("./context.mjs").Context} context
 * @param {readonly PackedPackage[]} packages
 * @param {Tarballs} binaries - those that the packages name as optional
 * @param {string} folder - empty
 */
export async function installPacked(context, packages, binaries, folder) {
  const dependencies = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const overrides = Object.fromEntries([
    ...packages.map(({ name }) => [name, `$${name}`]),
    ...Object.entries(binaries).map(([name, tarball]) => [name, `file:${tarball}`]),
  ]);
  const manifest = { name: "user", private: true, type: "module", dependencies, overrides };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
  await runStep(context, "install-packed", "npm", args, { cwd: folder });

  const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8"));
  const optional = packages.flatMap(({ manifest }) => Object.keys(manifest.optionalDependencies ?? {}));
  const foreign = foreignCopies(lock, [...packages.map(({ name }) => name), ...optional]);
  if (foreign.length > 0) throw new Problem(`These came from somewhere else than our tarballs: ${foreign.join(", ")}`);
}

/**
 * @param {{ packages: Record<string, { resolved?: string }> }} lock - a package-lock.json
 * @param {readonly string[]} names
 * @returns {string[]} the places of packages with one of our names that are not ours, and the names that have no place
 */
export function foreignCopies({ packages }, names) {
  return names.flatMap((name) => {
    const places = Object.entries(packages).filter(([place]) => place.endsWith(`node_modules/${name}`));
    if (places.length === 0) return [name];
    return places.filter(([, { resolved }]) => !resolved?.startsWith("file:")).map(([place]) => place);
  });
}

/**
 * Compiles the examples of all READMEs against the installed declarations, which are checked too: a type that only our
 * own sources can see is an error there.
 *
 * @param {import("./context.mjs").Context} context
 * @param {readonly PackedPackage[]} packages
 * @param {string} folder - where they are installed
 */
export async function compileExamples(context, packages, folder) {
  const files = await Promise.all(
    examplesOf(packages).map(async ({ code }, index) => {
      const file = join(folder, `example-${index}.ts`);
      await writeFile(file, code);
      return file;
    }),
  );
  const tsc = join(context.root, "node_modules", "typescript", "bin", "tsc");
  const types = join(context.root, "node_modules", "@types");
  const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--types", "node"];
  const lib = ["--lib", "es2023,esnext.disposable,dom", "--typeRoots", types, "--ignoreConfig"];
  await runStep(context, "installed-types", process.execPath, [tsc, ...options, ...lib, ...files], { cwd: folder });
}

/** @param {readonly PackedPackage[]} packages */
function examplesOf(packages) {
  return packages.flatMap(({ name, contents }) => examplesIn(contents.readFile(`/node_modules/${name}/README.md`)));
}

/**
 * Runs the installed packages on one Node: every entry point is imported, every example that says what it prints has
 * to print it, every command has to know `--help`, and where there is a model the native addon has to load.
 *
 * @param {import("./context.mjs").Context} context
 * @param {readonly PackedPackage[]} packages
 * @param {string} folder
 * @param {string} node - path of the binary
 * @returns {Promise<number>} how many programs ran
 */
export async function runInstalled(context, packages, folder, node) {
  // The tarball carries no binary; the one that was built here stands for the prebuilt ones.
  const env = { LLOYAL_ADDON: join(context.root, "packages", "node", "build", "lloyal.node"), ...context.env };
  /** @type {(what: string, args: string[], prints?: string) => Promise<void>} */
  const expectRun = async (what, args, prints) => {
    const { exitCode, output } = await run(node, args, { cwd: folder, env, signal: context.signal });
    if (exitCode !== 0) throw new Problem(`${what} ended with exit code ${exitCode} on ${node}:\n${output}`);
    if (prints !== undefined && output !== prints) throw new Problem(`${what} prints, on ${node}:\n${output}`);
  };
  const entries = packages.flatMap(entryPoints);
  const imports = entries.map((entry) => `await import("${entry}");`).join("\n");
  await expectRun(`Importing ${entries.join(", ")}`, ["--input-type=module", "--eval", imports]);

  const programs = examplesOf(packages).filter(({ prints }) => prints !== undefined);
  for (const [index, { code, prints }] of programs.entries()) {
    const file = join(folder, `program-${index}.mjs`);
    await writeFile(file, toJavaScript(code));
    await expectRun(`This program\n${code}`, [file], prints);
  }

  const commands = packages.flatMap(({ name, manifest }) =>
    Object.values(manifest.bin ?? {}).map((path) => join(folder, "node_modules", name, path)),
  );
  for (const command of commands) await expectRun(command, [command, "--help"]);

  const native = context.env.LLOYAL_SMOL ? [loadsVocabulary] : [];
  for (const program of native) await expectRun("The native addon", ["--input-type=module", "--eval", program]);
  return 1 + programs.length + commands.length + native.length;
}

const loadsVocabulary = `
  import { loadVocabulary } from "@lloyal-labs/lloyal.node";
  const { size } = await loadVocabulary(process.env.LLOYAL_SMOL);
  if (!(size > 0)) throw new Error("an empty vocabulary");
`;

/** @param {PackedPackage} packed */
function entryPoints({ name, manifest }) {
  return Object.keys(manifest.exports ?? {})
    .filter((entry) => entry !== "./package.json")
    .map((entry) => name + entry.slice(1));
}
