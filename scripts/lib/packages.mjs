import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ensurePnpm } from "./pnpm.mjs";
import { runStep } from "./run-step.mjs";
import { withStep } from "./step.mjs";

/**
 * Installs the packages of the workspace, unless they were installed from the same lockfile and manifests before.
 *
 * @param {import("./context.mjs").Context} context
 * @returns {Promise<import("./context.mjs").Context>} the context whose PATH has the right pnpm
 */
export async function installPackages(context) {
  const record = join(context.root, "node_modules", ".lloyal-setup");
  const wanted = packagesHash(context.root);
  const last = readRecord(record);
  if (last?.hash === wanted && (!last.pnpmFolder || existsSync(last.pnpmFolder))) {
    return withFolderOnPath(context, last.pnpmFolder);
  }
  const pnpmFolder = await ensurePnpm(context);
  const ready = withFolderOnPath(context, pnpmFolder);
  await withStep("packages", async (say) => {
    say("installing");
    // Without the second option a changed lockfile makes pnpm ask a question that nobody can answer here.
    const args = ["install", "--frozen-lockfile", "--config.confirmModulesPurge=false", "--reporter=append-only"];
    await runStep(ready, "packages", "pnpm", args, {
      onLine: (line) => line.startsWith("Progress: ") && say(line.slice("Progress: ".length)),
    });
    say("installed");
  });
  writeFileSync(record, JSON.stringify({ hash: wanted, pnpmFolder }));
  return ready;
}

/** @param {string} root */
function packagesHash(root) {
  const hash = createHash("sha256");
  hash.update(`${process.platform} ${process.arch}`); // some packages are binaries
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifestsBelow(root)]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

/**
 * @param {string} root
 * @param {string} [folder]
 * @param {number} [depth] - the deepest package lies three folders down: `packages/apps/web`
 * @returns {string[]}
 */
function manifestsBelow(root, folder = "", depth = 3) {
  /** @type {string[]} */
  const found = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name);
    if (entry.name === "package.json") found.push(path);
    const isSource = entry.isDirectory() && !/^(node_modules|dist|build|\..*)$/.test(entry.name);
    if (isSource && depth > 0) found.push(...manifestsBelow(root, path, depth - 1));
  }
  return found;
}

/**
 * @param {string} path
 * @returns {{ hash: string, pnpmFolder?: string } | undefined}
 */
function readRecord(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined; // never written, or cut short
  }
}

/**
 * @param {import("./context.mjs").Context} context
 * @param {string | undefined} folder
 */
function withFolderOnPath(context, folder) {
  if (!folder) return context;
  return { ...context, env: { ...context.env, PATH: `${folder}${delimiter}${context.env.PATH}` } };
}
