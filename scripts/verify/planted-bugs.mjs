/**
 * Bugs that are planted one at a time, each a change of one line that somebody could make by mistake. A bug that fails
 * no test is a missing check.
 *
 * @typedef {object} PlantedBug
 * @property {string} name - what has gone wrong
 * @property {string} file
 * @property {string} find - stands exactly once in the file
 * @property {string} replace
 * @property {"unit" | "operations" | "native"} [guard] - what has to fail: unit tests unless said otherwise
 */

/** @type {readonly PlantedBug[]} */
export const plantedBugs = [
  {
    name: "a wrong guess counts as a right one",
    file: "packages/sdk/src/testing/simulated-engine.ts",
    find: "const isEnd = guesses[i] !== drawn.token;",
    replace: "const isEnd = guesses[i] === undefined;",
  },
  {
    name: "the cells of wrong guesses stay",
    file: "native/core/branch_table.cpp",
    find: "if (entry.has_cells_to_lose()) pool_.queue({entry.seq, -1, entry.state.position});",
    replace: "",
    guard: "native",
  },
  {
    name: "the branches of a halted pool are not pruned",
    file: "packages/agents/src/pool/use-agent-pool.ts",
    find: "for (const { branch } of pool.agents) branch.pruneSubtreeSync();",
    replace: "",
  },
  {
    name: "the shared prefix is counted for the child too",
    file: "packages/sdk/src/branch/branch-tree.ts",
    find: "const child = this.#ledger.fork(parent.tail);",
    replace: "const child = this.#ledger.fork(parent.tail);\n    this.#ledger.extend(child, parent.position);",
  },
  {
    name: "results of one agent throw away those of the others",
    file: "packages/agents/src/scheduler/settle-results.ts",
    find: "pool.results = pool.results.filter((result) => !whole.some(({ agent }) => agent === result.agent));",
    replace: "pool.results = [];",
  },
  {
    name: "a batch is booked before the engine has written it",
    file: "packages/sdk/src/branch/branch-batches.ts",
    find: "const produced = await decoding;",
    replace:
      "for (const { node, tokens } of writes) this.#ledger.extend(node.tail, tokens.length);\n" +
      "    const produced = await decoding;\n" +
      "    for (const { node, tokens } of writes) this.#ledger.extend(node.tail, -tokens.length);",
  },
  {
    name: "who asks for tokens is not told of the newest",
    file: "packages/sdk/src/branch/books.ts",
    find: "this.catchUp();\n    return node.parked?.tokens",
    replace: "return node.parked?.tokens",
  },
  {
    name: "content is tokenised with special tokens",
    file: "packages/sdk/src/chat/segments.ts",
    find: "const partTokens = vocabulary.tokenize(part, false);",
    replace: "const partTokens = vocabulary.tokenize(part, true);",
  },
  {
    name: "content is not split inside structural literals",
    file: "packages/sdk/src/chat/segments.ts",
    find: "for (const part of guard.split(guard.spellable(text))) {",
    replace: "for (const part of [text]) {",
  },
  {
    name: "a cleanup yields inside finally",
    file: "packages/agents/src/tools/run-tool.ts",
    find: "        revoke();\n      }",
    replace: "        yield* CallingAgent.set(undefined);\n        revoke();\n      }",
    guard: "operations",
  },
  {
    name: "an operation is called and not yielded to",
    file: "packages/agents/src/scheduler/tick.ts",
    find: "yield* settleResults(pool);",
    replace: "settleResults(pool);",
    guard: "operations",
  },
  {
    name: "a sequence id is leased again before its cells are removed",
    file: "native/core/seq_pool.cpp",
    find: "  queue({id});\n",
    replace: "",
    guard: "native",
  },
  {
    name: "a failed batch is not rolled back",
    file: "native/core/flight.cpp",
    find: "const Status undone = decoder.roll_back(flight.anchors());",
    replace: "const Status undone{};",
    guard: "native",
  },
  {
    name: "the state from before a call is not kept",
    file: "native/core/decode.cpp",
    find: "    llama_memory_seq_cp(memory, anchor.seq, copies_.back(), -1, -1);\n",
    replace: "",
    guard: "native",
  },
  {
    name: "a computation that broke off is taken for undone, states included",
    file: "native/core/decode.cpp",
    find: "  is_lost_ = context_.model().has_state() && result != 0 && !is_untouched(result);\n",
    replace: "  is_lost_ = false;\n",
    guard: "native",
  },
  {
    name: "the cells of a recovery are not held",
    file: "packages/agents/src/pool/pool-lease.ts",
    find: "this.#held = this.#store.reserve(Math.max(0, Math.min(cells, free)));",
    replace: "this.#held = this.#store.reserve(Math.min(0, cells, free));",
  },
  {
    name: "rows are given without a look at what recoveries need",
    file: "packages/agents/src/scheduler/decode-tick.ts",
    find: "rows: pool.lease.room - reserve,",
    replace: "rows: pool.lease.room,",
  },
  {
    name: "a recovery is written into a branch that the caller keeps",
    file: "packages/agents/src/scheduler/recover-agents.ts",
    find: "pool.pruneOnDone ? agent.branch : agent.branch.forkSync()",
    replace: "agent.branch",
  },
  {
    name: "an agent ends twice",
    file: "packages/agents/src/scheduler/turns.ts",
    find: "  if (!agent.live) return;\n  agent.change",
    replace: "  agent.change",
  },
  {
    name: "a tool keeps the use of its branch after the call",
    file: "packages/agents/src/tools/run-tool.ts",
    find: "      live = false;",
    replace: "      live = true;",
  },
  {
    name: "arguments are not checked before a tool runs",
    file: "packages/agents/src/tools/run-tool.ts",
    find: "if (!checked.ok)",
    replace: "if (!checked)",
  },
  {
    name: "prune forgets that children live",
    file: "packages/sdk/src/branch/branch-tree.ts",
    find: "    assertLeaf(node);\n",
    replace: "",
  },
  {
    name: "a passage counts as seen though it was cut off",
    file: "packages/rig/src/evidence/passage-book.ts",
    find: "if (prefilled.includes(renderPassage(passage))) seen.add(passage);",
    replace: "seen.add(passage);",
  },
  {
    name: "a quote counts as verified wherever it stands in the file",
    file: "packages/rig/src/corpus/quote-match.ts",
    find: ".slice(startLine - 1, endLine)",
    replace: ".slice(0)",
  },
  {
    name: "an agent that is let go of goes on",
    file: "packages/agents/src/pool/use-agent-pool.ts",
    find: 'if (agent) endAgent(pool, agent, "cancelled");\n  else if (pool',
    replace: "if (!agent && pool",
  },
  {
    name: "an addon of another version is loaded",
    file: "packages/node/src/binding/choose-binary.ts",
    find: "return found === wanted ? undefined",
    replace: "return typeof found === typeof wanted ? undefined",
  },
  {
    name: "a library that was cut short is loaded",
    file: "packages/node/src/binding/elf.ts",
    find: "return sizeBytes < endsAt ?",
    replace: "return sizeBytes < sectionsAt ?",
  },
  {
    name: "the cells of a parked branch still count",
    file: "packages/sdk/src/branch/cell-ledger.ts",
    find: "tail.cells = 0;\n    this.#used -= cells;",
    replace: "tail.cells = 0;",
  },
  {
    name: "a branch is parked from under its children",
    file: "packages/sdk/src/branch/park.ts",
    find: "assertLeaf(node);\n  requireSavable",
    replace: "requireSavable",
  },
  {
    name: "the digest of a state is not looked at",
    file: "packages/sdk/src/state/envelope.ts",
    find: "if (!timingSafeEqual(await digestOf([bytes.subarray(0, end)]), expected))",
    replace: "if (end < 0)",
  },
  {
    name: "a restore that fails keeps what it has leased",
    file: "packages/sdk/src/branch/save-tree.ts",
    find: "for (const sequence of sequences) engine.close(sequence);",
    replace: "",
  },
  {
    name: "llama.cpp is shown saved cells that nobody has looked at",
    file: "native/core/saved_cells.cpp",
    find: "if (!is_well_formed(context.model(), saved)) return",
    replace: "if (false) return",
    guard: "native",
  },
  {
    name: "what follows the first cells of a saved sequence is not looked at",
    file: "native/core/saved_cells.cpp",
    find: "if (model.has_cells() && !skip_cells(reader, model, saved, true)) return false;",
    replace: "if (model.has_cells()) return skip_cells(reader, model, saved, true);",
    guard: "native",
  },
];
