import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What the workspace lacks for a command; empty where its packages, bin or script are here. Nothing is run. */
export function commandFaults(command: string, root: string): string[] {
  const [tool, ...words] = command.split(" ");
  if (tool === "npm") return packageFaults(words.slice(1), root);
  const [bin = "", script = ""] = words;
  if (bin !== "tsx") return workspaceBins(root).has(bin) ? [] : [`no package has the bin ${bin}`];
  return existsSync(join(root, script)) ? [] : [`there is no ${script}`];
}

function packageFaults(names: readonly string[], root: string): string[] {
  const present = new Set(manifests(root).map(({ name }) => name));
  return names.filter((name) => !present.has(name)).map((name) => `there is no package ${name}`);
}

function workspaceBins(root: string): Set<string> {
  return new Set(manifests(root).flatMap(({ bin = {} }) => Object.keys(bin)));
}

interface Manifest {
  name: string;
  bin?: Record<string, string>;
}

function manifests(root: string): Manifest[] {
  return ["packages", "packages/apps", "apps"]
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, "package.json")))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, "utf8")));
}
