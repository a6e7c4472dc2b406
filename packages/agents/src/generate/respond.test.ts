import { Branch } from "@lloyal-labs/sdk";
import { expect, it } from "vitest";
import { runSimulated } from "../testing/run-simulated.ts";
import { respond } from "./respond.ts";

it.each([
  ["while a batch decodes it", 2],
  ["between two batches", undefined],
])("a branch that is pruned %s ends with what it has, and the others answer on", async (_, prunedInBatch) => {
  const branches: Branch[] = [];
  const prune = () => branches[0]?.pruneSync();
  const options = {
    fault: ({ index }: { index: number }) => {
      if (index === prunedInBatch) prune();
      return undefined;
    },
  };
  const { value } = await runSimulated(options, function* (runtime) {
    branches.push(Branch.create(runtime.ctx, 0), Branch.create(runtime.ctx, 0));
    const onText = (i: number) => () => {
      if (prunedInBatch === undefined && i === 1) prune();
    };
    return yield* respond(
      branches.map((branch, i) => ({
        ...{ branch, tokens: [1, 2, 3], grammar: "root ::= [a-z]{8}", tokensMax: 20 },
        onText: onText(i),
      })),
    );
  });
  expect(value).toMatchObject([
    { text: expect.stringMatching(/^[a-z]$/), tokenCount: 1, complete: false },
    { text: expect.stringMatching(/^[a-z]{8}$/), tokenCount: 8, complete: true },
  ]);
});
