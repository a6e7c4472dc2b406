import { describe, expect, it } from "vitest";
import { wrapSample } from "./wrap.ts";

describe("a wrapped sample", () => {
  it.each([
    "count();",
    'import { a } from "a";\nimport type { B } from "b";\n\nclass C {\n\tb = a;\n}',
    "  // first\n  const d = yield* a();",
  ])("holds every byte of the sample, in order: %j", (code) => {
    const imports = /^(?:import.*\n)*/.exec(code)![0].trimEnd();
    const wrapped = wrapSample(code, []);
    expect(wrapped.indexOf(imports)).toBeGreaterThan(-1);
    expect(wrapped.indexOf(code.slice(imports.length))).toBeGreaterThan(wrapped.indexOf(imports));
  });

  it("is a generator function, and an async one where the sample itself awaits", () => {
    expect(wrapSample("yield* count();", [])).toContain("=> function* () {");
    expect(wrapSample("const a = await b();", [])).toContain("=> async function () {");
    expect(wrapSample("for await (const a of b) a();", [])).toContain("=> async function () {");
    expect(wrapSample("run(async () => { await b(); });", [])).toContain("=> function* () {");
  });

  it("takes the given names that it mentions, and no other", () => {
    expect(wrapSample("count(tokens);", ["tokens", "limit"])).toContain("({ tokens }: Givens)");
  });

  it("imports what it leaves out, once", () => {
    expect(wrapSample("const a = yield* call(b);", [])).toContain('import { call } from "effection";');
    expect(
      wrapSample('import { call } from "effection";\nyield* call(b);', []).match(/import \{ call }/g),
    ).toHaveLength(1);
  });

  it("is followed by what its reader does with the thing that it declares", () => {
    const wrapped = wrapSample("function* setupAgent() {}", ["branch", "ctx", "tasks"]);
    expect(wrapped).toContain("yield* setupAgent(");
    expect(wrapped).toContain("({ branch, ctx, tasks }: Givens)");
  });
});
