// Who may know whom. A package reaches the packages below it by name, and nothing above or beside it.
const below = { sdk: [], models: [], node: ["sdk", "models"], agents: ["sdk"], rig: ["sdk", "agents"] };

// It takes a model's path, so it is the one named door from rig to node.
const doors = "^packages/rig/src/rerank/create-reranker\\.ts$";

const rule = (name, from, to) => ({ name, severity: "error", from, to });

export default {
  forbidden: [
    rule("no-cycles", {}, { circular: true }),
    rule("no-unresolved", {}, { couldNotResolve: true }),
    ...Object.entries(below).map(([name, packages]) =>
      rule(
        `${name}-looks-only-down`,
        { path: `^packages/${name}/src/`, pathNot: doors },
        { path: "^(packages|apps|bench)/", pathNot: `^packages/(${[name, ...packages].join("|")})/` },
      ),
    ),
    rule(
      "phases-stay-pure",
      { path: "^packages/agents/src/scheduler/phases/", pathNot: "\\.test\\.ts$" },
      { path: "/effection/", dependencyTypesNot: ["type-only"] },
    ),
    rule("addon-has-one-door", { pathNot: "^packages/node/src/binding/" }, { path: "\\.node$" }),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/(dist|build)/" },
    // Keep exportsFields: without it workspace imports stay unresolved and every layer rule passes.
    // Each exports map has a "source" condition, so the check needs no build.
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["source", "types", "import"] },
  },
};
