import ts from "typescript";
import { type Companion, companions } from "./companions.ts";

/** What samples use without importing it, and who has it. */
const unimported: Readonly<Record<string, readonly string[]>> = {
  effection: ["call", "ensure"],
  "@lloyal-labs/sdk": ["Branch"],
  "@lloyal-labs/lloyal-agents": [
    "agentPool",
    "DefaultAgentPolicy",
    "diverge",
    "parallel",
    "runAgents",
    "SourceContext",
    "useAgentPool",
    "withSharedRoot",
    "withSpine",
  ],
};

/**
 * A module around a sample, whose own bytes stand in it unchanged: its imports, then all the rest as the body of a
 * function that takes the given names it mentions. The function is exported as `sample`: a generator function, or an
 * async one where the sample awaits.
 *
 * @param given - names of `Givens`
 */
export function wrapSample(code: string, given: readonly string[]): string {
  const source = parse(code);
  const imports = source.statements.filter(ts.isImportDeclaration);
  const bodyStart = imports.at(-1)?.end ?? 0;
  const { before = "", after = "" } = companionOf(source);

  const mentioned = identifiersOf(parse(`${before}\n${code}\n${after}`));
  const imported = identifiersOf(...imports);
  const lacking = (names: readonly string[]) => names.filter((name) => mentioned.has(name) && !imported.has(name));
  const more = Object.entries(unimported)
    .map(([from, names]) => ({ from, names: lacking(names) }))
    .filter(({ names }) => names.length > 0)
    .map(({ from, names }) => `import { ${names.join(", ")} } from "${from}";\n`);

  const body = awaits(source) ? "async function" : "function*";
  return [
    `import type { Givens } from "./givens.ts";\n`,
    ...more,
    code.slice(0, bodyStart),
    `\nexport const sample = ({ ${lacking(given).join(", ")} }: Givens) => ${body} () {\n${before}\n`,
    code.slice(bodyStart),
    `\n${after}\n};\n`,
  ].join("");
}

function parse(code: string): ts.SourceFile {
  return ts.createSourceFile("sample.ts", code, ts.ScriptTarget.Latest);
}

function identifiersOf(...roots: readonly ts.Node[]): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  roots.forEach(visit);
  return names;
}

/** True for an `await` of the sample's own, outside of the functions in it. */
function awaits(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return true;
  return ts.forEachChild(node, awaits) ?? false;
}

/** That of the name which the sample declares. */
function companionOf(source: ts.SourceFile): Companion {
  const names = source.statements.flatMap((statement) => {
    if (ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement)) return statement.name?.text ?? [];
    if (!ts.isVariableStatement(statement)) return [];
    return statement.declarationList.declarations.map(({ name }) => name.getText(source));
  });
  return names.map((name) => companions[name]).find((companion) => companion !== undefined) ?? {};
}
