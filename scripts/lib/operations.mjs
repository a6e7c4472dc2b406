import { relative, sep } from "node:path";
import ts from "typescript";

/**
 * @typedef {object} Finding
 * @property {string} path - below the root, with slashes
 * @property {number} line - from 1
 * @property {"not yielded" | "yield* in finally"} rule
 * @property {string} text - the first line of what was found
 */

/**
 * Finds two mistakes that the compiler lets pass. An Effection operation that stands as a statement of its own does
 * nothing: it runs only under `yield*`. And a `yield*` in a `finally` can be cut short, or lose the halt so that the
 * code after it runs; `ensure()` inside of `scoped()` does neither.
 *
 * @param {ts.Program} program
 * @param {string} root
 * @returns {Finding[]}
 */
export function findLostOperations(program, root) {
  const checker = program.getTypeChecker();
  const sources = program
    .getSourceFiles()
    .filter((file) => !file.isDeclarationFile && !program.isSourceFileFromExternalLibrary(file));
  return sources.flatMap((file) => findInFile(file, checker, relative(root, file.fileName).split(sep).join("/")));
}

/**
 * @param {ts.SourceFile} file
 * @param {ts.TypeChecker} checker
 * @param {string} path
 */
function findInFile(file, checker, path) {
  /** @type {Finding[]} */
  const findings = [];
  /** @type {(rule: Finding["rule"], node: ts.Node) => void} */
  const found = (rule, node) => {
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
    findings.push({ path, line, rule, text: node.getText(file).split("\n", 1)[0] ?? "" });
  };
  /** @type {(node: ts.Node, inFinally: boolean) => void} */
  const visit = (node, inFinally) => {
    const unused = unusedExpression(node, checker);
    if (unused && isLost(checker, unused)) found("not yielded", node);
    if (inFinally && ts.isYieldExpression(node) && node.asteriskToken) found("yield* in finally", node);
    const within = inFinally && !ts.isFunctionLike(node); // a function that is made in a `finally` runs elsewhere
    ts.forEachChild(node, (child) => visit(child, within || (ts.isTryStatement(node) && child === node.finallyBlock)));
  };
  visit(file, false);
  return findings;
}

/**
 * The expression in this node whose value nobody takes: that of a statement, or of an arrow that has to return void.
 *
 * @param {ts.Node} node
 * @param {ts.TypeChecker} checker
 */
function unusedExpression(node, checker) {
  if (ts.isExpressionStatement(node)) return node.expression;
  if (!ts.isArrowFunction(node) || ts.isBlock(node.body)) return undefined;
  const signatures = checker.getContextualType(node)?.getCallSignatures() ?? [];
  const returnsVoid = signatures.some((signature) => signature.getReturnType().flags & ts.TypeFlags.Void);
  return returnsVoid ? node.body : undefined;
}

/**
 * @param {ts.TypeChecker} checker
 * @param {ts.Expression} expression
 * @returns {boolean}
 */
function isLost(checker, expression) {
  if (ts.isVoidExpression(expression)) return isLost(checker, expression.expression);
  if (ts.isYieldExpression(expression)) return false; // it ran; `yield* Events.set(bus)` gives the bus back, to nobody
  const type = checker.getTypeAtLocation(expression);
  const operations = (type.isUnion() ? type.types : [type]).filter((part) => isOperation(checker, part));
  // A task is a promise too, and runs by itself; only the future of `task.halt()` waits until somebody asks for it.
  return operations.some((part) => !part.getProperty("then") || isHalt(expression));
}

/**
 * By its shape, since a generator is an operation too: iterating it gives effects, or nothing at all.
 *
 * @param {ts.TypeChecker} checker
 * @param {ts.Type} type
 */
function isOperation(checker, type) {
  const iterator = type.getProperties().find(({ escapedName }) => String(escapedName).startsWith("__@iterator@"));
  const [signature] = iterator ? checker.getTypeOfSymbol(iterator).getCallSignatures() : [];
  if (!signature) return false;
  const iterates = signature.getReturnType();
  const [yielded] = checker.getTypeArguments(/** @type {ts.TypeReference} */ (iterates));
  const isIdle = iterates.symbol?.name === "Generator" && yielded !== undefined && yielded.flags & ts.TypeFlags.Never;
  return yielded?.symbol?.name === "Effect" || Boolean(isIdle);
}

/** @param {ts.Expression} expression */
function isHalt(expression) {
  return (
    ts.isCallExpression(expression) &&
    ts.isPropertyAccessExpression(expression.expression) &&
    expression.expression.name.text === "halt"
  );
}
