import assert from "node:assert/strict";
import type { Token } from "../../backend/ids.ts";
import { contractCase, prompt, refuses, stateOf } from "./contract-case.ts";

export const grammarCases = [
  contractCase("under a grammar only its words come out, then a stop", async ({ root, finish }) => {
    const text = await finish(await root(prompt, {}, 'root ::= "alpha" | "beta"'));
    assert.ok(text === "alpha" || text === "beta", text);
  }),

  contractCase("a grammar holds at any temperature", async ({ root, finish }) => {
    const grammar = 'root ::= "(" root? ")" | [0-9]{2,4}';
    for (let seed = 0; seed < 5; seed++) {
      const branch = await root(prompt, { temperature: 2, seed }, grammar);
      const text = await finish(branch);
      assert.match(text.replace(/^(\(*)(.*?)(\)*)$/, "$2"), /^([0-9]{2,4})?$/);
      assert.equal(text.split("(").length, text.split(")").length);
      branch.pruneSync();
    }
  }),

  contractCase("a grammar is inherited by a fork and moves on by itself", async ({ root, write, finish }) => {
    const parent = await root(prompt, {}, "root ::= [ab]{4} [xy]{4}");
    await write(parent, 1);
    const child = parent.forkSync();
    const before = stateOf(parent);
    assert.match(await finish(child), /^[ab]{0,3}[xy]{4}$/);
    assert.deepEqual(stateOf(parent), before);
    assert.match(await finish(parent), /^[ab]{0,3}[xy]{4}$/);
  }),

  contractCase("a fork may take another grammar, and its parent keeps the old one", async ({ root, finish }) => {
    const parent = await root(prompt, {}, 'root ::= "zebra"');
    const [child, free] = [parent.forkSync(), parent.forkSync()];
    child.setGrammar('root ::= "horse"');
    free.setGrammar();
    assert.equal(await finish(child), "horse");
    assert.deepEqual(free.produceSync(), (await root()).produceSync());
    assert.equal(await finish(parent), "zebra");
  }),

  contractCase("removing the grammar gives the free choice back", async ({ root }) => {
    const free = (await root()).produceSync();
    const branch = await root(prompt, {}, 'root ::= "zebra"');
    for (const nothing of ["", undefined]) {
      branch.setGrammar('root ::= "zebra"');
      assert.notDeepEqual(branch.produceSync(), free);
      branch.setGrammar(nothing);
      assert.deepEqual(branch.produceSync(), free);
    }
  }),

  contractCase("a grammar that is set again begins at its root", async ({ root, write, finish }) => {
    const grammar = 'root ::= "zebra"';
    const branch = await root(prompt, {}, grammar);
    const first = branch.produceSync();
    branch.setGrammar(grammar);
    assert.deepEqual(branch.produceSync(), first);
    await write(branch, 1);
    branch.setGrammar(grammar);
    assert.equal(await finish(branch), "zebra");
  }),

  contractCase("a grammar of an empty root waits for its first text", async ({ create, tokens, finish }) => {
    const branch = create({}, 'root ::= "zebra"');
    const child = branch.forkSync();
    await child.prefill(tokens("A word:"));
    assert.equal(await finish(child), "zebra");
  }),

  contractCase("a token that the grammar forbids is refused and changes nothing", async ({ root, tokens, finish }) => {
    const branch = await root(prompt, {}, 'root ::= "zebra"');
    const before = stateOf(branch);
    await refuses("GRAMMAR_REJECTED", () => branch.commit(tokens("q")[0] as Token));
    assert.deepEqual(stateOf(branch), before);
    assert.equal(await finish(branch), "zebra");
  }),

  contractCase("a forbidden token refuses its whole tick", async ({ root, store, tokens }) => {
    const parent = await root();
    const [free, bound] = [parent.forkSync(), parent.forkSync()];
    bound.setGrammar('root ::= "zebra"');
    const before = [free, bound].map(stateOf);
    const bad = tokens("q")[0] as Token;
    for (const order of [
      [free, bound],
      [bound, free],
    ]) {
      await refuses("GRAMMAR_REJECTED", () => store.commit(order.map((branch) => [branch, bad] as const)));
      await refuses("GRAMMAR_REJECTED", () => store.step(order.map((branch) => [branch, bad] as const)));
    }
    assert.deepEqual([free, bound].map(stateOf), before);
  }),

  contractCase("a stop is refused before the grammar's end, and all else after it", async ({ root, ctx, tokens }) => {
    const branch = await root(prompt, {}, 'root ::= "ab"');
    const stop = ctx.language.tokenize(ctx.language.turnClose).find((token) => ctx.language.isStop(token)) as Token;
    await refuses("GRAMMAR_REJECTED", () => branch.commit(stop));
    let next = branch.produceSync();
    for (; !next.isStop; next = branch.produceSync()) await branch.commit(next.token);
    await refuses("GRAMMAR_REJECTED", () => branch.commit(tokens("a")[0] as Token));
    await branch.commit(next.token);
  }),

  contractCase("a grammar that is none is refused, and the one before stays", async ({ create, root, store }) => {
    const branch = await root(prompt, {}, 'root ::= "zebra"');
    const next = branch.produceSync();
    for (const grammar of [
      "root ::= (",
      "root ::= missing",
      'other ::= "a"',
      "   ",
      'root ::= root "a" | "b"',
      `root ::= ${"(".repeat(5000)}"a"${")".repeat(5000)}`,
    ]) {
      await refuses("GRAMMAR_INVALID", () => create({}, grammar), grammar.slice(0, 40));
      await refuses("GRAMMAR_INVALID", () => branch.setGrammar(grammar), grammar.slice(0, 40));
    }
    assert.deepEqual(branch.produceSync(), next);
    assert.equal(store.liveBranches, 1);
  }),

  contractCase("a grammar that could be misread in silence is refused", async ({ create }) => {
    for (const grammar of [
      'root ::= "a"\nroot ::= "b"',
      "root ::= []",
      "root ::= [^]",
      "root ::= [b-a]",
      'root ::= ("a"*)*',
      'root ::= nothing root\nnothing ::= ""',
      'root ::= "a"{3,2}',
      'root ::= "a"{2001}',
      'root ::= "\\q"',
    ])
      await refuses("GRAMMAR_INVALID", () => create({}, grammar), grammar);
  }),

  contractCase("a grammar holds within code points that take several tokens", async ({ root, finish }) => {
    const grammar = 'root ::= [ä-ü]{3} "€" [😀-😄] [^a-z\\x00-\\x7F]{2}';
    for (let seed = 0; seed < 3; seed++) {
      const branch = await root(prompt, { temperature: 1.5, seed }, grammar);
      assert.match(await finish(branch), /^[ä-ü]{3}€[😀-😄]\P{ASCII}{2}$/u);
      branch.pruneSync();
    }
  }),
];
