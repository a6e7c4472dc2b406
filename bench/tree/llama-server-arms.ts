import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArmRun, Machine } from "./arm.ts";
import { type Completion, type LlamaServer, startLlamaServer } from "./llama-server.ts";
import { agentTokens, generatedPerTurn, type Workload } from "./workload.ts";

/**
 * How the spine comes into the slots. `prompts`: with each agent's own prompt, as any client's would. `restored`:
 * evaluated in one slot, which is saved to a file and restored into the others, by a client that knows which slots there
 * are and that its agents share a spine. (`n_cmpl`, whose completions share one prompt, is no third way: the server
 * empties the slots of all but the first when they end.)
 */
export type SpineBy = "prompts" | "restored";

/** Agents as clients of llama-server, a slot for each, all at once and none waiting for another. */
export async function llamaServer(
  program: string,
  spineBy: SpineBy,
  workload: Workload,
  machine: Machine,
): Promise<ArmRun> {
  const { agents, spine, spineTokens } = workload;
  const slotFolder = await mkdtemp(join(tmpdir(), "lloyal-slots-"));
  const cells = agents * agentTokens(spine) + 256;
  const server = await startLlamaServer({ ...machine, program, slots: agents, cells, slotFolder });
  try {
    const count = { prefilled: 0, decoded: 0, generated: 0 };
    const complete = counting(server, count);
    // Pages the weights in. What it leaves in its slot agrees with no prompt to come.
    await complete({ prompt: [1, 2, 3, 4, 5, 6, 7, 8], id_slot: 0, n_predict: 2 });
    Object.assign(count, { prefilled: 0, decoded: 0, generated: 0 });
    const start = performance.now();

    if (spine > 0 && spineBy === "restored") {
      await complete({ prompt: spineTokens, id_slot: 0, n_predict: 1 });
      count.generated -= 1;
      await server.post("/slots/0?action=save", { filename: "spine" });
      for (let slot = 1; slot < agents; slot++)
        await server.post(`/slots/${slot}?action=restore`, { filename: "spine" });
    }
    await Promise.all(
      workload.deltas.map(async (deltas, slot) => {
        const prompt = [...spineTokens];
        for (const delta of deltas) {
          prompt.push(...delta);
          const { tokens } = await complete({ prompt, id_slot: slot, n_predict: generatedPerTurn });
          prompt.push(...tokens);
        }
      }),
    );

    const wallMs = performance.now() - start;
    const { prefilled, decoded, generated } = count;
    return { wallMs, evaluated: { prefilled, decoded }, generated };
  } finally {
    await server.stop();
    await rm(slotFolder, { recursive: true, force: true });
  }
}

/** Greedy completions that end of text does not end, counted as the server says it evaluated them. */
function counting(server: LlamaServer, count: { prefilled: number; decoded: number; generated: number }) {
  return async (body: { prompt: readonly number[]; id_slot: number; n_predict: number }): Promise<Completion> => {
    const constant = { cache_prompt: true, ignore_eos: true, temperature: 0, return_tokens: true };
    const completion = await server.post<Completion>("/completion", { ...constant, ...body });
    const { prompt_n, predicted_n } = completion.timings;
    count.prefilled += prompt_n;
    // The first token comes of the prompt's last row.
    count.decoded += predicted_n - 1;
    count.generated += completion.tokens.length;
    return completion;
  };
}
