// Plants the bugs of `planted-bugs.mjs` one at a time in a copy of the working tree, and runs what guards against them.
// Fails where more than one in fifteen goes unseen.
//
//   node scripts/verify/mutants.mjs [part of a name]

import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createContext } from "../lib/context.mjs";
import { runMain } from "../lib/main.mjs";
import { withPrivateTemp } from "../lib/private-temp.mjs";
import { Problem } from "../lib/problem.mjs";
import { repositoryFiles } from "../lib/repository-files.mjs";
import { run } from "../lib/run.mjs";
import { plantedBugs } from "./planted-bugs.mjs";

const unit = ["packages/agents", "packages/sdk", "packages/rig", "packages/models"];

/** @type {Record<"unit" | "operations" | "native", { command: string, args: string[] }>} */
const guards = {
  // A bug may make a test wait for ever; the time limit of each test ends that.
  unit: { command: "pnpm", args: ["exec", "vitest", "run", "--project", "unit", "--bail", "1", ...unit] },
  operations: { command: process.execPath, args: ["scripts/check-operations.mjs"] },
  native: { command: "pnpm", args: ["--filter", "@lloyal-labs/lloyal.node", "native:test"] },
};

await runMain(async (signal) => {
  const context = createContext(signal);
  const part = process.argv[2] ?? "";
  const planted = plantedBugs.filter(({ name }) => name.includes(part));
  const unseen = await withPrivateTemp(context.cache, (copy) => plantEach(context, copy, planted));
  console.log(`\nplanted: ${planted.length} bugs, ${planted.length - unseen.length} caught`);
  for (const name of unseen) console.log(`unseen: ${name}`);
  return unseen.length * 15 > planted.length ? 1 : 0;
});

/**
 * @param {import("../lib/context.mjs").Context} context
 * @param {string} copy
 * @param {readonly import("./planted-bugs.mjs").PlantedBug[]} planted
 */
async function plantEach({ root, env, signal }, copy, planted) {
  await copyTree(root, copy);
  const used = new Set(planted.map(({ guard = "unit" }) => guard));
  for (const guard of used) {
    const { exitCode, output } = await run(guards[guard].command, guards[guard].args, { cwd: copy, env, signal });
    // A guard that fails without a bug catches nothing.
    if (exitCode !== 0) throw new Problem(`Without a planted bug "${guard}" fails:\n${output.slice(-4000)}`);
  }
  const unseen = [];
  for (const { name, file, find, replace, guard = "unit" } of planted) {
    const path = join(copy, file);
    const sound = await readFile(path, "utf8");
    await writeFile(
      path,
      sound.replace(find, () => replace),
    );
    const { exitCode } = await run(guards[guard].command, guards[guard].args, { cwd: copy, env, signal });
    await writeFile(path, sound);
    console.log(`${exitCode === 0 ? "UNSEEN" : "caught"}  ${name}`);
    if (exitCode === 0) unseen.push(name);
  }
  return unseen;
}

/**
 * The files of the working tree, and its installed packages by link: those of the workspace by their relative links,
 * so that they lead into the copy.
 *
 * @param {string} root
 * @param {string} copy
 */
async function copyTree(root, copy) {
  const files = repositoryFiles();
  for (const file of files) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await cp(join(root, file), join(copy, file), { verbatimSymlinks: true });
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  const manifests = files.filter((file) => /^(packages|apps)\/[^/]+\/package\.json$|^bench\/package\.json$/.test(file));
  for (const manifest of manifests) {
    const links = join(dirname(manifest), "node_modules");
    await cp(join(root, links), join(copy, links), { recursive: true, verbatimSymlinks: true, force: true });
  }
}
