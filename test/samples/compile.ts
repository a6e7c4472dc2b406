import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export interface Compiled {
  /** CommonJS that exports `sample`. */
  readonly js: string;
  /** What the compiler says against it, without repetition; empty where the workspace has all that it uses. */
  readonly faults: readonly string[];
}

const folder = dirname(fileURLToPath(import.meta.url));

// As in a reader's own project.
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"],
  module: ts.ModuleKind.NodeNext,
  types: ["node"],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  customConditions: ["source"],
};

/**
 * Checks modules that are no files against the sources of the workspace, all in one program.
 *
 * @param modules - text by name
 * @remarks Cost: a few seconds, nearly all of them for the sources.
 */
export function compileModules(modules: ReadonlyMap<string, string>): Map<string, Compiled> {
  const names = new Map([...modules.keys()].map((name) => [join(folder, `${name}.ts`), name]));
  const textAt = (path: string) => modules.get(names.get(path) ?? "");
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => names.has(path) || fileExists(path);
  // The host reads source files by this too.
  host.readFile = (path) => textAt(path) ?? readFile(path);
  const program = ts.createProgram([...names.keys()], options, host);

  return new Map(
    [...names].map(([path, name]) => {
      const file = program.getSourceFile(path);
      const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      const faults = new Set(diagnostics.filter(isFault).map(({ messageText }) => headOf(messageText)));
      return [name, { js: toCommonJs(textAt(path)!), faults: [...faults] }];
    }),
  );
}

// What `noImplicitAny` reports, 7000 and up, is allowed. Not by switching the flag off: then `[]` would be a `never[]`.
function isFault({ code }: ts.Diagnostic): boolean {
  return code < 7000 || code >= 8000;
}

function headOf(message: string | ts.DiagnosticMessageChain): string {
  return typeof message === "string" ? message : message.messageText;
}

function toCommonJs(text: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}
