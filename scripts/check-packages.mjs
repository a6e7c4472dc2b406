// `pnpm packages`: packs what would be published and looks at it as a user's tools do. With `--install`, installs the
// tarballs together and runs them on several versions of Node (`pnpm verify:packages`); that needs a registry.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { missingBinaries, platformTable } from "./lib/binaries.mjs";
import { packBinary } from "./lib/binary-package.mjs";
import { createContext } from "./lib/context.mjs";
import { compileExamples, installPacked, runInstalled } from "./lib/installed-packages.mjs";
import { runMain } from "./lib/main.mjs";
import { installOtherNodes } from "./lib/other-nodes.mjs";
import { complaintsAbout, packPackages } from "./lib/packed-packages.mjs";
import { withPrivateTemp } from "./lib/private-temp.mjs";
import { Problem } from "./lib/problem.mjs";
import { runStep } from "./lib/run-step.mjs";
import { buildTypeScript } from "./lib/typescript.mjs";

await runMain((signal) => {
  const context = createContext(signal);
  return withPrivateTemp(context.cache, async (temp) => {
    await buildTypeScript(context, { tolerant: false });
    const packages = await packPackages(context, await folder(temp, "tarballs"));
    const table = await platformTable(context.root);
    const complaints = [
      ...(await Promise.all(packages.map(complaintsAbout))).flat(),
      ...missingBinaries(packages, table),
    ];
    if (complaints.length > 0)
      throw new Problem(["The packages are not fit to be published:", ...complaints].join("\n  "));
    console.log(`packages: ${packages.length} tarballs, as they should be`);

    if (!process.argv.includes("--install")) return 0;
    const user = await folder(temp, "user");
    await installPacked(context, packages, await packBinaries(context, table, await folder(temp, "binaries")), user);
    await compileExamples(context, packages, user);
    for (const node of [process.execPath, ...(await installOtherNodes(context, temp))]) {
      const count = await runInstalled(context, packages, user, node);
      const version = (await runStep(context, "node", node, ["--version"])).trim();
      console.log(`packages: installed together; ${count} programs run with Node ${version}`);
    }
    return 0;
  });
});

/**
 * The binary packages as manifests alone: the addon of this clone stands for what would be in them.
 *
 * @param {import("./lib/context.mjs").Context} context
 * @param {import("./lib/binaries.mjs").PlatformTable} table
 * @param {string} to
 */
async function packBinaries(context, { binaries }, to) {
  const defaults = binaries.filter(({ isDefault }) => isDefault);
  const tarballs = await Promise.all(defaults.map((binary) => packBinary(context, binary, [], to)));
  return Object.fromEntries(defaults.map(({ name }, index) => [name, tarballs[index] ?? ""]));
}

/**
 * @param {string} parent
 * @param {string} name
 */
async function folder(parent, name) {
  await mkdir(join(parent, name));
  return join(parent, name);
}
