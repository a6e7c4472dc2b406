import {
  type Branch,
  buildSystemPrefix,
  type Language,
  type Segment,
  type Token,
  type ToolSchema,
} from "@lloyal-labs/sdk";

/** What a branch's prompt holds already, so that nothing is prefilled twice. */
interface Held {
  systemPrompts: ReadonlySet<string>;
  tools: ReadonlySet<string>;
  /** True while the model's own turn stands open at the head: the next delta begins by closing it. */
  openTurn: boolean;
}

const nothing: Held = { systemPrompts: new Set(), tools: new Set(), openTurn: false };
const heldBy = new WeakMap<Branch, Held>();

export interface PromptRequest {
  systemPrompt?: string;
  tools?: readonly ToolSchema[];
  /** A user turn; without it only the system part is given. */
  content?: string;
}

/** A prompt as tokens, and what to remember once they are in the cache. */
export interface PromptDelta {
  tokens: Token[];
  remember(branch: Branch): void;
}

/**
 * The tokens that bring `parent`'s head to the start of an answer to `request`: the system part that the parent
 * does not hold yet, the user turn, the opening of the model's turn. An undefined parent starts cold.
 */
export function buildPrompt(language: Language, parent: Branch | undefined, request: PromptRequest): PromptDelta {
  const held = (parent && heldBy.get(parent)) ?? nothing;
  const system = request.systemPrompt && !held.systemPrompts.has(request.systemPrompt) ? request.systemPrompt : "";
  const tools = (request.tools ?? []).filter((tool) => !held.tools.has(toolKey(tool)));
  const cold = parent === undefined || parent.position === 0;

  const prefix = cold ? systemPrefix(language, system, tools) : [];
  const later: Segment[] = [];
  if (held.openTurn) later.push(...language.turnClose);
  if (!cold && (system || tools.length > 0)) later.push(...language.system(system, tools));
  if (request.content !== undefined) later.push(...language.user(request.content), ...language.generationPrompt);
  // Not by a spread: a task of 150 KB would overflow the stack.
  const tokens = prefix.concat(later.length > 0 ? language.tokenize(later) : []);

  const now: Held = {
    systemPrompts: system ? new Set([...held.systemPrompts, system]) : held.systemPrompts,
    tools: new Set([...held.tools, ...tools.map(toolKey)]),
    openTurn: request.content !== undefined || (held.openTurn && later.length === 0),
  };
  return { tokens, remember: (branch) => heldBy.set(branch, now) };
}

const lastPrefix = new WeakMap<Language, { key: string; tokens: readonly Token[] }>();

/** Remembers the last one, since the agents of a pool begin alike: to tokenize tools takes a millisecond. */
function systemPrefix(language: Language, system: string, tools: readonly ToolSchema[]): readonly Token[] {
  const key = JSON.stringify([system, ...tools.map(toolKey)]);
  let last = lastPrefix.get(language);
  if (last?.key !== key) {
    last = { key, tokens: buildSystemPrefix(language, system, tools) };
    lastPrefix.set(language, last);
  }
  return last.tokens;
}

function toolKey(tool: ToolSchema): string {
  return JSON.stringify([tool.name, tool.description, tool.parameters]);
}
