import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { plantedBugs } from "./planted-bugs.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("a planted bug", () => {
  // The long programme runs them; this keeps them plantable while the code moves on.
  it.each(plantedBugs)("has exactly one place: $name", ({ file, find, replace }) => {
    const text = readFileSync(`${root}${file}`, "utf8");
    expect(text.split(find)).toHaveLength(2);
    expect(text.replace(find, () => replace)).not.toBe(text);
  });
});
