// Plants the bugs of `planted-bugs.mjs` one at a time in a copy of the working tree, and runs what guards against them.
// Fails where more than one in fifteen goes unseen.
//
//   node scripts/verify/mutants.mjs [part of a name]

import { existsSync } from "node:fs";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createContext } from "../lib/context.mjs";
import { runMain } from "../lib/main.mjs";
import { withPrivateTemp } from "../lib/private-temp.mjs";
import { Problem } from "../lib/problem.mjs";
import { repositoryFiles } from "../lib/repository-files.mjs";
import { run } from "../lib/run.mjs";
import { plantedBugs } from "./planted-bugs.mjs";

const firstFailure = "./scripts/verify/first-failure.mjs";

/**
 * What has to fail. A bug in a package is to be caught by that package's own unit tests.
 *
 * @param {import("./planted-bugs.mjs").PlantedBug} bug
 * @returns {{ command: string, args: string[] }}
 */
function guardOf({ file, guard = "unit" }) {
  if (guard === "operations") return { command: process.execPath, args: ["scripts/check-operations.mjs"] };
  if (guard === "native") return { command: "pnpm", args: ["--filter", "@lloyal-labs/lloyal.node", "native:test"] };
  const folder = file.split("/").slice(0, 2).join("/");
  return {
    command: "pnpm",
    args: ["exec", "vitest", "run", "--project", "unit", "--reporter", firstFailure, `${folder}/`],
  };
}

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
  const sound = new Set();
  const unseen = [];
  for (const bug of planted) {
    const { command, args } = guardOf(bug);
    const runGuard = () => run(command, args, { cwd: copy, env, signal });
    const key = args.join(" ");
    if (!sound.has(key)) {
      // A guard that fails without a bug catches nothing.
      const { exitCode, output } = await runGuard();
      if (exitCode !== 0) throw new Problem(`Without a planted bug this fails: ${key}\n${output.slice(-4000)}`);
      sound.add(key);
    }
    const path = join(copy, bug.file);
    const text = await readFile(path, "utf8");
    await writeFile(
      path,
      text.replace(bug.find, () => bug.replace),
    );
    const { exitCode } = await runGuard();
    await writeFile(path, text);
    console.log(`${exitCode === 0 ? "UNSEEN" : "caught"}  ${bug.name}`);
    if (exitCode === 0) unseen.push(bug.name);
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
    if (!existsSync(join(root, links))) continue; // a package without dependencies
    await cp(join(root, links), join(copy, links), { recursive: true, verbatimSymlinks: true, force: true });
  }
}
