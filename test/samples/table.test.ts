import { expect, it } from "vitest";
import { extractSamples } from "./extract.ts";
import { renderTable } from "./table.ts";

it("a table counts what is ready in each text and names what is not", () => {
  const [first, second, command] = extractSamples("a.md", "const a = 1;\nand\nconst a = 2;\nnpm i a");
  const [other] = extractSamples("b.md", "const a = 3;");
  const checked = [
    { sample: first!, faults: [] },
    { sample: second!, faults: ["no a", "no b"] },
    { sample: command!, faults: [] },
    { sample: other!, faults: ["no c"] },
  ];
  const lines = renderTable(checked).split("\n");
  expect(lines.slice(0, 3).map((line) => line.match(/\S+ of \d+/g))).toEqual([
    ["1 of 2", "1 of 1"],
    ["0 of 1", "0 of 0"],
    ["1 of 3", "1 of 1"],
  ]);
  expect(lines.slice(4)).toEqual([
    `pending a.md:3 ${second!.key}`,
    "    no a (and 1 more)",
    `pending b.md:1 ${other!.key}`,
    "    no c",
  ]);
});
