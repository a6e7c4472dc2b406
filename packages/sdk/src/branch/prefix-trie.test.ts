import fc from "fast-check";
import { expect, it } from "vitest";
import { emptyPath, PrefixTrie } from "./prefix-trie.ts";

it("counts the nodes of the prefix tree of all prefills", () =>
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(3), { maxLength: 8 }), { maxLength: 12 }), (prompts) => {
      const trie = new PrefixTrie();
      const nodes = new Set<string>();
      for (const prompt of prompts) {
        trie.prefill(emptyPath, prompt);
        for (let end = 1; end <= prompt.length; end++) nodes.add(prompt.slice(0, end).join());
      }
      expect(trie.idealPrefillTokens).toBe(nodes.size);
    }),
  ));

it("counts a prefill of what was decoded before as avoidable", () => {
  const trie = new PrefixTrie();
  trie.commit(trie.prefill(emptyPath, [1, 2]), 3);
  trie.prefill(emptyPath, [1, 2, 3, 4]);
  expect(trie.idealPrefillTokens).toBe(3);
});
