import fc from "fast-check";

const inline = fc.constantFrom(
  "llama.cpp runs on v0.5.0. It is fast.",
  "See e.g. `make -j. All` and https://example.org/a.b?c=d. Then stop!",
  "Ünïcödé 文字。次の文。",
  "--no-mmproj-offload",
  "word ".repeat(120),
  "x".repeat(2500),
  "😀".repeat(700),
  "[a](b) **c** <d> & | e",
);
const line = fc.oneof(
  { weight: 4, arbitrary: inline },
  fc.constantFrom("", "   ", "\t"),
  fc
    .tuple(fc.constantFrom("# ", "### ", "- ", "  - ", "12. ", "> ", "> - ", "    ", "| a | ", "===", "---"), inline)
    .map(([prefix, text]) => prefix + text),
  fc.constantFrom(
    "```sh",
    "```",
    "~~~~",
    "<!--",
    "-->",
    "<details>",
    "|---|---|",
    "| x | y |",
    "---",
    "[!NOTE]",
    "[a]: b",
  ),
  fc.string({ maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, " ")),
);

/** Texts made of the pieces that Markdown is made of, in any order, well formed or not. */
export const arbitraryMarkdown = fc.array(line, { maxLength: 40 }).map((lines) => lines.join("\n"));
