import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { binaryComplaints, binaryManifest, binaryReadme } from "./binaries.mjs";
import { complaintsAbout, filesOf, readTarball } from "./packed-packages.mjs";
import { Problem } from "./problem.mjs";
import { runStep } from "./run-step.mjs";
import { ensureSharedLlama, libraryPostfix } from "./shared-llama.mjs";

/**
 * @typedef {import("./binaries.mjs").Binary} Binary
 * @typedef {import("./context.mjs").Context} Context
 */

/**
 * Builds the addon of a binary package, with its llama.cpp.
 *
 * @param {Context} context
 * @param {string} source - the tree of llama.cpp
 * @param {Binary} binary - for this operating system and CPU
 * @returns {Promise<string[]>} all files that belong together
 */
export async function buildBinary(context, source, binary) {
  const prefix = await ensureSharedLlama(context, source, binary);
  const node = join(context.root, "packages", "node");
  const folder = join(node, "build", binary.name.slice("@lloyal-labs/lloyal.node-".length));
  const options = [`--CDLLOYAL_LIBRARY_POSTFIX=${libraryPostfix(binary.gpu)}`, `--CDLLOYAL_ADDON_DIR=${folder}`];
  if (binary.os === "win32") options.push("--generator", "Ninja"); // which keeps to CC and CXX
  const cmakeJs = join(node, "node_modules", "cmake-js", "bin", "cmake-js");
  // A folder for each llama.cpp: cmake-js configures one only once.
  const args = [cmakeJs, "build", "--out", join(folder, basename(prefix)), "--parallel", "2", ...options];
  await runStep(context, "binary", process.execPath, args, {
    cwd: node,
    env: { ...context.env, LLAMA_PREFIX: prefix },
  });

  const addon = join(folder, "lloyal.node");
  if (binary.os === "linux") await runStep(context, "strip", "strip", [addon]);
  // The licence of what is inside, beside our own.
  const license = join(folder, "LICENSE-llama.cpp");
  await copyFile(join(source, "LICENSE"), license);
  return [addon, license, ...(await librariesIn(join(prefix, "lib"))), ...(await librariesIn(join(prefix, "bin")))];
}

/** @param {string} folder */
async function librariesIn(folder) {
  const files = await readdir(folder);
  return files.filter((file) => /\.(?:so|dylib|dll)$/.test(file)).map((file) => join(folder, file));
}

/**
 * Packs a binary package. Without files it holds its manifest alone: such a one stands in a test for a platform that is
 * not built.
 *
 * @param {Context} context
 * @param {Binary} binary
 * @param {readonly string[]} files - what `buildBinary` gave
 * @param {string} folder - where the tarball goes
 * @returns {Promise<string>} its path
 */
export async function packBinary(context, binary, files, folder) {
  const read = async () => JSON.parse(await readFile(join(context.root, "packages", "node", "package.json"), "utf8"));
  const manifest = binaryManifest(binary, await read(), context.env.GITHUB_REPOSITORY);
  const staged = join(folder, binary.name.replace("/", "-").slice(1));
  await mkdir(staged, { recursive: true });
  await writeFile(join(staged, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await writeFile(join(staged, "README.md"), binaryReadme(binary));
  await copyFile(join(context.root, "LICENSE"), join(staged, "LICENSE"));
  for (const file of files) await copyFile(file, join(staged, basename(file)));
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const output = await runStep(context, "pack-binary", "npm", args, { cwd: staged });
  await rm(staged, { recursive: true });
  const [{ filename }] = JSON.parse(output.slice(output.indexOf("[\n")));
  const tarball = join(folder, filename);
  const packed = await readTarball(tarball);
  const ofFiles = files.length > 0 ? binaryComplaints(filesOf(packed), binary) : [];
  const complaints = [...ofFiles, ...(await complaintsAbout(packed))];
  if (complaints.length > 0)
    throw new Problem([`${binary.name} is not fit to be published:`, ...complaints].join("\n  "));
  return tarball;
}
