import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { findLostOperations } from "./operations.mjs";
import { createProgram } from "./typescript-program.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const before = `
  import { call, type Context, ensure, type Operation, type Scope, scoped, sleep, spawn, type Task, until } from "effection";
  declare const task: Task<number>;
  declare const scope: Scope;
  declare const slot: Context<Operation<void>>;
  declare const numbers: number[];
  declare function release(): Operation<void>;
  declare function maybe(): Operation<void> | undefined;
  declare class Tool { run(): Operation<string>; later?: () => Operation<string> }
  declare const tool: Tool;
  function* idle() { return 1; }
`;

// A program per text would cost a second each, so all of them are files of one.
const lost = [
  "sleep(1);",
  "spawn(release);",
  "release();",
  "idle();",
  "maybe();",
  "tool.run();",
  "tool.later?.();",
  "void sleep(1);",
  "if (numbers.length) release();",
  "numbers.length > 0 && release();",
  "numbers.length > 0 ? release() : sleep(1);",
  "task.halt();",
  "void task.halt();",
  "yield* ensure(() => { release(); });",
  "numbers.forEach(() => release());",
];
const inFinally = [
  "try { } finally { yield* release(); }",
  "try { } finally { if (numbers.length) { const x = yield* task; } }",
  "try { } finally { try { } catch { yield* release(); } }",
  "for (;;) { try { yield* release(); } finally { yield* sleep(1); } }",
];
const innocent = [
  "yield* slot.set(sleep(1));",
  "yield* sleep(1);",
  "const later = sleep(1); yield* later;",
  "yield* spawn(release);",
  "yield* task.halt();",
  "scope.run(release);",
  "yield* ensure(() => release());",
  "yield* ensure(function* () { yield* release(); });",
  "yield* call(() => release());",
  "const all = numbers.map(() => release());",
  "numbers.forEach((n) => { numbers.push(n); });",
  "numbers.sort(); [...numbers]; new Set(numbers); 'text';",
  "let some: number[]; some = [];",
  "new Map<string, number>().set('a', 1);",
  "try { yield* release(); } catch { yield* release(); } finally { numbers.pop(); }",
  "try { } finally { numbers.push(1); }  yield* release();",
  "try { } finally { scope.run(function* () { yield* release(); }); }",
  "yield* scoped(function* () { yield* ensure(release); });",
];

const texts = [...lost, ...inFinally, ...innocent];
const pathOf = (index: number) => `packages/agents/src/operations-${index}.ts`;
const files = texts.map((text, i): [string, string] => [
  pathOf(i),
  `${before}export function* body(): Operation<void> {\n${text}\n}`,
]);
const program = createProgram(root, new Map(files));
const findings = findLostOperations(program, root);
const line = before.split("\n").length + 1;
const rulesIn = (text: string) =>
  findings.filter(({ path }) => path === pathOf(texts.indexOf(text))).map(({ rule, line }) => [rule, line]);

it("the texts of this test compile", () => {
  const complaints = program.getSemanticDiagnostics().map(({ messageText }) => messageText);
  expect(complaints).toEqual([]);
});

it.each(lost)("lost: %s", (text) => expect(rulesIn(text)).toEqual([["not yielded", line]]));

it.each(inFinally)("waits in a finally: %s", (text) => expect(rulesIn(text)).toEqual([["yield* in finally", line]]));

it.each(innocent)("innocent: %s", (text) => expect(rulesIn(text)).toEqual([]));
