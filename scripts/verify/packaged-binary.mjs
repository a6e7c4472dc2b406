// The binary package of this machine, from its build to a user's program: packed, installed with the other packages,
// run on every CPU library that it has, and put to the contract. Needs LLOYAL_SMOL.

import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { platformTable } from "../lib/binaries.mjs";
import { buildBinary, packBinary } from "../lib/binary-package.mjs";
import { createContext } from "../lib/context.mjs";
import { installPacked } from "../lib/installed-packages.mjs";
import { ensureLlamaSource } from "../lib/llama-source.mjs";
import { runMain } from "../lib/main.mjs";
import { packPackages } from "../lib/packed-packages.mjs";
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
  const context = createContext(signal);
  return withPrivateTemp(context.cache, async (temp) => {
    await buildTypeScript(context, { tolerant: false });
    const { binaries } = await platformTable(context.root);
    const own = binaries.find((each) => each.os === process.platform && each.cpu === process.arch && each.isDefault);
    if (!own) throw new Problem(`There is no binary for ${process.platform} ${process.arch}.`);
    const files = await buildBinary(context, await ensureLlamaSource(context), own);

    const user = await folder(temp, "user");
    const tarballs = await folder(temp, "binaries");
    const packages = await packPackages(context, await folder(temp, "tarballs"));
    const defaults = binaries.filter(({ isDefault }) => isDefault);
    const packed = await Promise.all(
      defaults.map(async (each) => [each.name, await packBinary(context, each, each === own ? files : [], tarballs)]),
    );
    await installPacked(context, packages, Object.fromEntries(packed), user);
    const installed = join(user, "node_modules", ...own.name.split("/"));
    const others = defaults.filter(({ name }) => name !== own.name);
    const foreign = await Promise.all(others.map(({ name }) => isThere(join(user, "node_modules", name))));
    if (foreign.includes(true)) throw new Problem("npm installed binaries of other platforms.");

    await writeFile(join(user, "program.mjs"), program);
    await checkChoice(context, user, own.name, installed);
    await checkVariants(context, user, installed, temp);
    if (own.os === "linux") console.log(`needs ${await neededVersions(context, files)}`);
    return contract(context, join(installed, "lloyal.node"));
  });
});

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
  const strangers = libraries.filter((path) => !path.startsWith(`${installed}/`));
  if (strangers.length > 0) throw new Problem(`These came from elsewhere: ${strangers.join(", ")}`);
  const passed = binary.passedOver.map((each) => `${each.name} ${each.reason}`).join("; ");
  console.log(`${name} on ${binary.devices.map(({ library }) => library).join(", ")}: ${JSON.stringify(text)}`);
  console.log(`passed over: ${passed || "nothing"}`);
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
 */
async function contract({ root, env, signal }, addon) {
  const args = ["exec", "vitest", "run", "--project", "model", "packages/node/test/model/contract.test.ts"];
  const options = { cwd: root, signal, env: { ...env, LLOYAL_ADDON: addon }, echo: process.stdout };
  return (await run("pnpm", args, options)).exitCode;
}

/** @param {string} path */
async function isThere(path) {
  return readdir(path).then(
    () => true,
    () => false,
  );
}

/**
 * @param {string} parent
 * @param {string} name
 */
async function folder(parent, name) {
  await mkdir(join(parent, name));
  return join(parent, name);
}
