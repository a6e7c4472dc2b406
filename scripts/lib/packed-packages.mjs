import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { removeLeftovers } from "./leftovers.mjs";
import { contentComplaints } from "./packed-contents.mjs";
import { publicPackages } from "./repository-files.mjs";
import { runStep } from "./run-step.mjs";

/**
 * A package as a registry would get it.
 *
 * @typedef {object} PackedPackage
 * @property {string} name
 * @property {string} tarball - its path
 * @property {Manifest} manifest
 * @property {import("@arethetypeswrong/core").Package} contents
 *
 * @typedef {import("./packed-contents.mjs").Manifest} Manifest
 */

/**
 * Packs every public package of the workspace, as it was built last.
 *
 * @param {import("./context.mjs").Context} context
 * @param {string} folder - empty; the tarballs go there
 * @returns {Promise<PackedPackage[]>}
 */
export async function packPackages(context, folder) {
  const packages = publicPackages();
  await Promise.all(packages.map((path) => removeLeftovers(join(context.root, path))));
  const filters = packages.map((path) => `--filter=./${path}`);
  await runStep(context, "pack", "pnpm", ["--recursive", ...filters, "pack", "--pack-destination", folder]);
  const tarballs = (await readdir(folder)).sort().map((file) => join(folder, file));
  return Promise.all(tarballs.map(readTarball));
}

/**
 * @param {string} tarball
 * @returns {Promise<PackedPackage>}
 */
export async function readTarball(tarball) {
  const contents = createPackageFromTarballData(await readFile(tarball));
  const name = contents.packageName;
  return { name, tarball, contents, manifest: JSON.parse(contents.readFile(`/node_modules/${name}/package.json`)) };
}

/**
 * What a user of the package would stumble over.
 *
 * @param {PackedPackage} packed
 * @returns {Promise<string[]>}
 */
export async function complaintsAbout(packed) {
  const { name, tarball, manifest, contents } = packed;
  const { buffer } = new Uint8Array(await readFile(tarball));
  const { messages } = await publint({ pack: { tarball: buffer }, strict: true });
  const complaints = [
    ...contentComplaints(filesOf(packed), manifest),
    ...messages.map((message) => formatMessage(message, manifest, { color: false }) ?? message.code),
    ...(await typeComplaints(contents)),
  ];
  return complaints.map((complaint) => `${name}: ${complaint}`);
}

/**
 * @param {Pick<PackedPackage, "name" | "contents">} packed
 * @returns {string[]} paths inside the package
 */
export function filesOf({ name, contents }) {
  const prefix = `/node_modules/${name}/`;
  return contents.listFiles().map((path) => path.slice(prefix.length));
}

// The ways of importing that a package which is ESM only does not serve.
const notServed = ["node10", "node16-cjs"];

/** @param {PackedPackage["contents"]} contents */
async function typeComplaints(contents) {
  const result = await checkPackage(contents);
  if (!result.types) return [];
  return result.problems
    .filter((problem) => !("resolutionKind" in problem && notServed.includes(problem.resolutionKind)))
    .map((problem) => JSON.stringify(problem));
}
