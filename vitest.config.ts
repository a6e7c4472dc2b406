import { defineConfig } from "vitest/config";

const resolve = { conditions: ["source", "node", "import", "default"] };
const ssr = { resolve };

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          include: [
            "packages/*/src/**/*.test.ts",
            "apps/*/src/**/*.test.ts",
            "scripts/**/*.test.ts",
            "bench/**/*.test.ts",
            "test/samples/**/*.test.ts",
          ],
        },
      },
      // Needs the built addon and real weights; `npm test` brings both.
      {
        resolve,
        ssr,
        test: {
          name: "model",
          include: ["packages/*/test/model/**/*.test.ts", "apps/*/test/model/**/*.test.ts"],
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          pool: "forks",
        },
      },
    ],
  },
});
