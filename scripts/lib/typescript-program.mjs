import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

/**
 * A program over the sources of the repository, as `tsconfig.tools.json` sees them, or over texts that are no files:
 * those resolve their imports as a file at their path would.
 *
 * @param {string} root - the repository
 * @param {ReadonlyMap<string, string>} [texts] - path below `root` to text
 * @returns {ts.Program} with all sources where no text is given, and else with the texts alone
 */
export function createProgram(root, texts = new Map()) {
  const { options, fileNames } = readConfig(join(root, "tsconfig.tools.json"));
  const byPath = new Map([...texts].map(([path, text]) => [join(root, path), text]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => byPath.has(resolve(path)) || fileExists(path);
  // `getSourceFile` of the host reads by this too.
  host.readFile = (path) => byPath.get(resolve(path)) ?? readFile(path);
  return ts.createProgram(byPath.size > 0 ? [...byPath.keys()] : fileNames, options, host);
}

/** @param {string} path */
function readConfig(path) {
  const { config, error } = ts.parseConfigFileTextToJson(path, readFileSync(path, "utf8"));
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, dirname(path));
  const [problem] = error ? [error] : parsed.errors;
  if (problem) throw new Error(`${path}: ${ts.flattenDiagnosticMessageText(problem.messageText, "\n")}`);
  return parsed;
}
