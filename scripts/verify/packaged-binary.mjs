// The binary package of this machine, from its build to a user's program: packed, installed with the other packages,
// run on every CPU library that it has, and put to the contract.
//
//   node scripts/verify/packaged-binary.mjs [--tarball FILE] [--suite]
//
// --tarball takes one that was packed elsewhere, which may be for a GPU; --suite runs all tests with real weights on it.

import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { platformTable } from "../lib/binaries.mjs";
import { buildBinary, packBinary } from "../lib/binary-package.mjs";
import { createContext } from "../lib/context.mjs";
import { installPacked } from "../lib/installed-packages.mjs";
import { ensureLlamaSource, llamaDocs } from "../lib/llama-source.mjs";
import { runMain } from "../lib/main.mjs";
import { ensureModels, testModels } from "../lib/models.mjs";
import { packPackages, readTarball } from "../lib/packed-packages.mjs";
import { withPrivateTemp } from "../lib/private-temp.mjs";
import { Problem } from "../lib/problem.mjs";
import { run } from "../lib/run.mjs";
import { neededVersions } from "../lib/symbol-versions.mjs";
import { buildTypeScript } from "../lib/typescript.mjs";

// What a user writes, and what it ran on.
const program = `
  import { readFileSync } from "node:fs";
  import { createContext, nativeBinary } from "@lloyal-labs/lloyal.node";
  import { Branch } from "@lloyal-labs/sdk";
  const ctx = await createContext({ modelPath: process.env.LLOYAL_SMOL, nCtx: 512, nThreads: 2 });
  const { language } = ctx;
  const branch = Branch.create(ctx, 0, { temperature: 0 });
  const question = language.user("What is the capital of France?");
  await branch.prefill(language.tokenize([...question, ...language.generationPrompt]));
  let text = "";
  for (let next = branch.produceSync(); !next.isStop && text.length < 40; next = branch.produceSync()) {
    text += next.text;
    await branch.commit(next.token);
  }
  branch.pruneSync();
  await ctx.dispose();
  const maps = process.platform === "linux" ? readFileSync("/proc/self/maps", "utf8") : "";
  const libraries = [...new Set(maps.match(/\\/.*(?:llama|ggml|lloyal)[^/]*\\.(?:so|node)$/gm))];
  console.log(JSON.stringify({ text, libraries, binary: nativeBinary() }));
`;

/** @typedef {{ text: string, libraries: string[], binary: import("../../packages/node/src/index.ts").NativeBinary }} Answer */

await runMain((signal) => {
  const initial = createContext(signal);
  const { values } = parseArgs({ options: { tarball: { type: "string" }, suite: { type: "boolean" } } });
  return withPrivateTemp(initial.cache, async (temp) => {
    await buildTypeScript(initial, { tolerant: false });
    const source = await ensureLlamaSource(initial);
    const context = await withModels(initial);
    const { binaries } = await platformTable(context.root);
    const here = binaries.filter(({ os, cpu }) => os === process.platform && cpu === process.arch);
    const given = values.tarball ? await readTarball(resolve(values.tarball)) : undefined;
    const own = here.find(({ name, isDefault }) => (given ? name === given.name : isDefault));
    if (!own) throw new Problem(`${given?.name ?? "No binary"} is for ${process.platform} ${process.arch}.`);

    const tarballs = await folder(temp, "binaries");
    const built = async () => packBinary(context, own, await buildBinary(context, source, own), tarballs);
    const tarball = given?.tarball ?? (await built());
    // For the other platforms their manifests alone: npm has to see by them that it must not install them.
    const others = binaries.filter(({ name, isDefault }) => isDefault && name !== own.name);
    const stubs = await Promise.all(
      others.map(async (each) => [each.name, await packBinary(context, each, [], tarballs)]),
    );

    const packages = await packPackages(context, await folder(temp, "tarballs"));
    const wanted = own.isDefault ? packages : [...packages, given ?? (await readTarball(tarball))];
    const user = await folder(temp, "user");
    await installPacked(context, wanted, { ...Object.fromEntries(stubs), [own.name]: tarball }, user);
    const place = (/** @type {string} */ name) => join(user, "node_modules", ...name.split("/"));
    const foreign = others.filter((each) => !here.includes(each) && existsSync(place(each.name)));
    if (foreign.length > 0) throw new Problem(`npm installed ${foreign.map(({ name }) => name).join(", ")}.`);

    const installed = place(own.name);
    await writeFile(join(user, "program.mjs"), program);
    await checkChoice(context, user, own.name, installed);
    const gpu = here.find(({ isDefault }) => !isDefault);
    if (own.isDefault && gpu) await checkWithoutGpu(context, user, installed, place(gpu.name), own.name);
    await checkVariants(context, user, installed, temp);
    if (own.os === "linux") {
      const files = (await readdir(installed)).map((file) => join(installed, file));
      console.log(`needs ${await neededVersions(context, files)}`);
    }
    const tests = values.suite ? [] : ["packages/node/test/model/contract.test.ts"];
    return runTests(context, join(installed, "lloyal.node"), tests);
  });
});

/**
 * `pnpm verify` has brought the models; on a machine that does this alone they are brought now.
 *
 * @param {import("../lib/context.mjs").Context} context
 */
async function withModels(context) {
  if (context.env.LLOYAL_SMOL) return context;
  const paths = await ensureModels(context, Object.values(testModels));
  const models = Object.fromEntries(Object.keys(testModels).map((name, index) => [name, paths[index]]));
  return { ...context, env: { ...context.env, ...models, LLOYAL_DOCS: llamaDocs(context.cache) } };
}

/**
 * The installed package is what runs, and nothing of it comes from elsewhere: not from the current folder, nor from
 * where the environment points.
 *
 * @param {import("../lib/context.mjs").Context} context
 * @param {string} user
 * @param {string} name
 * @param {string} installed
 */
async function checkChoice(context, user, name, installed) {
  const decoys = join(user, "decoys");
  await cp(installed, decoys, { recursive: true });
  const [backend = ""] = (await readdir(installed)).filter((file) => /ggml-cpu-/.test(file));
  const env = { LD_LIBRARY_PATH: decoys, GGML_BACKEND_PATH: join(decoys, backend), LLOYAL_ADDON: "" };
  const { text, libraries, binary } = await answer(context, join(user, "program.mjs"), decoys, env);
  if (binary.source !== "package" || binary.name !== name) throw new Problem(`${binary.path} was loaded.`);
  if (process.platform === "linux" && !libraries.includes(join(installed, "lloyal.node")))
    throw new Problem("The program's libraries cannot be seen.");
  const strangers = libraries.filter((path) => !path.startsWith(`${installed}/`));
  if (strangers.length > 0) throw new Problem(`These came from elsewhere: ${strangers.join(", ")}`);
  const passed = binary.passedOver.map((each) => `${each.name} ${each.reason}`).join("; ");
  console.log(`${name} on ${binary.devices.map(({ library }) => library).join(", ")}: ${JSON.stringify(text)}`);
  console.log(`passed over: ${passed || "nothing"}`);
}

/**
 * A binary for a GPU where there is none - this one, under the other's name - makes place for the one that will do.
 *
 * @param {import("../lib/context.mjs").Context} context
 * @param {string} user
 * @param {string} installed
 * @param {string} other - where that package would be
 * @param {string} name
 */
async function checkWithoutGpu(context, user, installed, other, name) {
  await cp(installed, other, { recursive: true });
  const { binary } = await answer(context, join(user, "program.mjs"), user, { LLOYAL_ADDON: "" });
  const left = binary.passedOver.find(({ reason }) => reason.startsWith("finds no GPU"));
  if (!left || binary.name !== name) throw new Problem(`${binary.name} was loaded, and nothing had no GPU.`);
  console.log(`${left.name} ${left.reason}, so ${binary.name} was loaded`);
  await rm(other, { recursive: true });
}

/**
 * Each CPU library alone, as on a machine whose CPU has no more: it answers, or is refused with a reason.
 *
 * @param {import("../lib/context.mjs").Context} context
 * @param {string} user
 * @param {string} installed
 * @param {string} temp
 */
async function checkVariants(context, user, installed, temp) {
  const isVariant = (/** @type {string} */ file) => /ggml-cpu-/.test(file);
  for (const variant of (await readdir(installed)).filter(isVariant).sort()) {
    const alone = join(temp, "alone");
    const filter = (/** @type {string} */ path) => !isVariant(path) || path.endsWith(variant);
    await cp(installed, alone, { recursive: true, filter });
    const env = { LLOYAL_ADDON: join(alone, "lloyal.node") };
    const result = await answer(context, join(user, "program.mjs"), user, env).catch((error) => {
      if (/no library that runs on this CPU/.test(error.message)) return undefined;
      throw error;
    });
    const used = result?.binary.devices.map(({ library }) => library);
    if (used && !used.includes(variant)) throw new Problem(`${variant} was to be used, not ${used.join(", ")}.`);
    console.log(`${variant}: ${result ? JSON.stringify(result.text) : "needs another CPU, and is refused"}`);
    await rm(alone, { recursive: true });
  }
}

/**
 * @param {import("../lib/context.mjs").Context} context
 * @param {string} file
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Answer>}
 */
async function answer({ env: base, signal }, file, cwd, env) {
  const { exitCode, output } = await run(process.execPath, [file], { cwd, signal, env: { ...base, ...env } });
  if (exitCode !== 0) throw new Problem(`The program ended with exit code ${exitCode}:\n${output}`);
  const result = JSON.parse(output.trim().split("\n").at(-1) ?? "");
  if (!result.text.includes("Paris")) throw new Problem(`The capital of France is not ${JSON.stringify(result.text)}.`);
  return result;
}

/**
 * @param {import("../lib/context.mjs").Context} context
 * @param {string} addon
 * @param {readonly string[]} tests - none given means all
 */
async function runTests({ root, env, signal }, addon, tests) {
  const args = ["exec", "vitest", "run", "--project", "model", ...tests];
  const options = { cwd: root, signal, env: { ...env, LLOYAL_ADDON: addon }, echo: process.stdout };
  return (await run("pnpm", args, options)).exitCode;
}

/**
 * @param {string} parent
 * @param {string} name
 */
async function folder(parent, name) {
  await mkdir(join(parent, name));
  return join(parent, name);
}
