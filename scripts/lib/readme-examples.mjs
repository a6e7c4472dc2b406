import ts from "typescript";

/**
 * @typedef {object} Example
 * @property {string} code - TypeScript, a program of its own
 * @property {string} [prints] - what it prints; an example without cannot be run, since it needs a model
 */

/**
 * The programs of a README: each `ts` block, with the `text` block that follows it as its output.
 *
 * @param {string} markdown
 * @returns {Example[]}
 */
export function examplesIn(markdown) {
  const blocks = [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, body = ""]) => ({
    language,
    body,
  }));
  return blocks.flatMap(({ language, body }, index) => {
    if (language !== "ts") return [];
    const next = blocks[index + 1];
    return [next?.language === "text" ? { code: body, prints: next.body } : { code: body }];
  });
}

/** @param {string} code - TypeScript; its types are not checked */
export function toJavaScript(code) {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}
