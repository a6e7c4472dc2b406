import { expect, it } from "vitest";
import { contentComplaints } from "./packed-contents.mjs";

const manifest = {
  engines: { node: ">=20.19" },
  exports: {
    ".": { source: "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" },
    "./testing": { source: "./src/testing/index.ts", default: "./dist/testing/index.js" },
  },
  dependencies: { "@lloyal-labs/sdk": "^0.1.0" },
};
const files = [
  "package.json",
  "README.md",
  "LICENSE",
  "src/index.ts",
  "src/testing/index.ts",
  "dist/index.js",
  "dist/index.js.map",
  "dist/index.d.ts",
  "dist/index.d.ts.map",
  "dist/testing/index.js",
];

it("a package of sources, what was compiled from them, README and LICENSE is right", () => {
  expect(contentComplaints(files, manifest)).toEqual([]);
});

it.each([
  ["src/index.test.ts", /no use/],
  ["dist/.tsbuildinfo", /no use/],
  ["src/deep/testing/helper.ts", /tests alone/],
])("%s does not belong into it", (path, reason) => {
  expect(contentComplaints([...files, path], manifest)).toEqual([expect.stringMatching(reason)]);
});

it.each(["README.md", "LICENSE"])("it needs a %s", (path) => {
  const rest = files.filter((file) => file !== path);
  expect(contentComplaints(rest, manifest)).toEqual([`${path} is missing`]);
});

it("its testing folder goes along only where an export leads there", () => {
  const { "./testing": _, ...exports } = manifest.exports;
  expect(contentComplaints(files, { ...manifest, exports })).toEqual([
    expect.stringMatching(/^src\/testing\/index.ts is for tests/),
    expect.stringMatching(/^dist\/testing\/index.js is for tests/),
  ]);
});

it.each(["dependencies", "peerDependencies"])("%s of the workspace alone are named", (field) => {
  const broken = { ...manifest, [field]: { a: "workspace:^", b: "catalog:", c: "^1.0.0" } };
  expect(contentComplaints(files, broken)).toHaveLength(2);
});

it("it says which Node it needs", () => {
  expect(contentComplaints(files, { ...manifest, engines: {} })).toEqual(["engines.node is missing"]);
});
