/** Our own words around a sample that declares something: what it takes for declared, and what its reader does next. */
export interface Companion {
  /** Declarations that merge with the sample's own. */
  readonly before?: string;
  /** Puts to use what the sample declares, since a declaration alone runs nothing. */
  readonly after?: string;
}

/** By the name that a sample declares. */
export const companions: Readonly<Record<string, Companion>> = {
  SearchTool: {
    before: `interface SearchTool extends Readonly<typeof searchFields> {}`,
    after: `yield* agentCalls(Object.assign(new SearchTool(), searchFields));`,
  },
  setupAgent: { after: `yield* setupAgent(branch, tasks[0], ctx);` },
  DatabaseSource: {
    before: `
      type Row = { id: number };
      interface DatabaseSource { _researchTool: InstanceType<typeof DatabaseResearchTool>; _results: Row[] }`,
    after: `
      const source = Object.assign(new DatabaseSource(), { _results: [{ id: 1 }] });
      yield* source.bind({ parent: branch });
      yield* agentCalls(source.researchTool);`,
  },
  // The winner and the root are the caller's.
  best: { after: `await best.branch.prune(); await root.prune();` },
};
