// `node scripts/publish-native.mjs FOLDER`: publishes the binary packages in it, after a look whether all of them are
// there and fit. One that the registry has already is left, so that a run can be repeated.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { binariesComplaints, platformTable } from "./lib/binaries.mjs";
import { createContext } from "./lib/context.mjs";
import { runMain } from "./lib/main.mjs";
import { complaintsAbout, filesOf, readTarball } from "./lib/packed-packages.mjs";
import { Problem } from "./lib/problem.mjs";
import { run } from "./lib/run.mjs";
import { runStep } from "./lib/run-step.mjs";
import { buildTypeScript } from "./lib/typescript.mjs";

await runMain(async (signal) => {
  const context = createContext(signal);
  const { root: cwd, env } = context;
  const [, , folder = "."] = process.argv;
  await buildTypeScript(context, { tolerant: false });
  const tarballs = (await readdir(folder)).filter((file) => file.endsWith(".tgz")).sort();
  const packages = await Promise.all(tarballs.map((file) => readTarball(join(folder, file))));
  const { version } = JSON.parse(await readFile(join(cwd, "packages", "node", "package.json"), "utf8"));
  const complaints = [
    ...binariesComplaints(
      packages.map((each) => ({ ...each, files: filesOf(each) })),
      await platformTable(cwd),
      version,
    ),
    ...(await Promise.all(packages.map(complaintsAbout))).flat(),
  ];
  if (complaints.length > 0) throw new Problem(["Nothing was published:", ...complaints].join("\n  "));

  for (const { name, tarball } of packages) {
    const { exitCode } = await run("npm", ["view", `${name}@${version}`, "version"], { cwd, env, signal });
    if (exitCode === 0) continue;
    await runStep(context, "publish", "npm", ["publish", tarball, "--access", "public", "--ignore-scripts"]);
    console.log(`published ${name}@${version}`);
  }
  return 0;
});
