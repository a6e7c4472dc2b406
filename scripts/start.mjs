// `npm start`: the set-up, then the command line with a default question over the documentation of llama.cpp.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runMain } from "./lib/main.mjs";
import { withDefaults } from "./lib/start-arguments.mjs";
import { setup } from "./setup.mjs";

const app = join(dirname(dirname(fileURLToPath(import.meta.url))), "apps", "reasoning.run");
const command = join(app, "bin", "reasoning.run.mjs");
const given = process.argv.slice(2);

const onlyAsks = given.some((argument) => ["--help", "-h", "--version", "-V"].includes(argument));
let args = given;
if (!onlyAsks || !existsSync(join(app, "dist"))) {
  await runMain(async (signal) => {
    const withModel = !onlyAsks && !given.some((argument) => /^--model(=|$)/.test(argument));
    const { docs } = await setup({ signal, withModel });
    args = withDefaults(given, docs);
    return 0;
  });
}

// The command line takes this process over, as `exec` would: then Ctrl-C, the terminal and the exit code are its own,
// and no signal has to be passed on (or is passed on twice).
if (!process.exitCode) {
  process.argv = [process.execPath, command, ...args];
  await import(pathToFileURL(command).href);
}
