import { expect, it } from "vitest";
import { foreignCopies } from "./installed-packages.mjs";

const names = ["@lloyal-labs/sdk", "reasoning.run"];
const ours = {
  "": {},
  "node_modules/@lloyal-labs/sdk": { resolved: "file:../tarballs/sdk.tgz" },
  "node_modules/reasoning.run": { resolved: "file:../tarballs/reasoning.run.tgz" },
  "node_modules/effection": { resolved: "https://elsewhere.example/effection.tgz" },
};

it("packages of our names come from our tarballs", () => {
  expect(foreignCopies({ packages: ours }, names)).toEqual([]);
});

it("a second copy from elsewhere, deep in the tree, is found", () => {
  const place = "node_modules/reasoning.run/node_modules/@lloyal-labs/sdk";
  const packages = { ...ours, [place]: { resolved: "https://elsewhere.example/sdk.tgz" } };
  expect(foreignCopies({ packages }, names)).toEqual([place]);
});

it("a copy that does not say where it came from is foreign, and so is one that is not there", () => {
  const packages = { "node_modules/reasoning.run": {} };
  expect(foreignCopies({ packages }, names)).toEqual(["@lloyal-labs/sdk", "node_modules/reasoning.run"]);
});
