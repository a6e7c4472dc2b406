import type { GrammarTrigger } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import { checkGrammarLimits } from "../grammar/limits.ts";
import { compileGbnf, type GbnfAcceptor, type GbnfState } from "./gbnf-acceptor.ts";
import { splitUtf8 } from "./simulated-utf8.ts";

/** What a grammar says of a sequence. Immutable: a fork shares it. */
export type Constraint =
  | { readonly kind: "active"; readonly acceptor: GbnfAcceptor; readonly state: GbnfState }
  /** Waits for a trigger in the text that has been committed since it was set. */
  | {
      readonly kind: "waiting";
      readonly acceptor: GbnfAcceptor;
      readonly triggers: readonly GrammarTrigger[];
      readonly text: string;
    };

/** A token as it would be committed. */
export interface Arrival {
  readonly token: Token;
  readonly isStop: boolean;
  /** Its bytes; none for a stop. */
  readonly bytes: Uint8Array;
  /** Of a code point that the tokens before have not finished. */
  readonly pendingBytes: readonly number[];
}

// An acceptor learns its grammar's automaton as it goes; whoever comes with the same grammar goes on from there.
const acceptors = new Map<string, GbnfAcceptor>();
const acceptorsMax = 100;

/** Throws GrammarInvalidError. Keeps the last hundred grammars. */
function acceptorOf(grammar: string): GbnfAcceptor {
  let acceptor = acceptors.get(grammar);
  if (!acceptor) {
    checkGrammarLimits(grammar);
    acceptor = compileGbnf(grammar);
  }
  acceptors.delete(grammar);
  acceptors.set(grammar, acceptor);
  const [oldest] = acceptors.keys();
  if (acceptors.size > acceptorsMax) acceptors.delete(oldest as string);
  return acceptor;
}

/** Throws GrammarInvalidError. */
export function activeGrammar(grammar: string): Constraint {
  const acceptor = acceptorOf(grammar);
  return { kind: "active", acceptor, state: acceptor.start() };
}

/** Throws GrammarInvalidError. */
export function lazyGrammar(grammar: string, triggers: readonly GrammarTrigger[]): Constraint {
  return { kind: "waiting", acceptor: acceptorOf(grammar), triggers, text: "" };
}

/** The constraint after a token, or undefined where it forbids it. */
export function advance(constraint: Constraint, arrival: Arrival): Constraint | undefined {
  if (constraint.kind === "waiting") return listen(constraint, arrival);
  const { acceptor } = constraint;
  if (arrival.isStop) return acceptor.canEnd(constraint.state) ? constraint : undefined;
  const state = acceptor.advanceBytes(constraint.state, arrival.bytes);
  return state && { kind: "active", acceptor, state };
}

/** The bytes that must come, at most `most` of them: up to where there is a choice, or the text may end. */
export function forcedBytes(constraint: Constraint, most: number): number[] {
  const bytes: number[] = [];
  if (constraint.kind !== "active") return bytes;
  const { acceptor } = constraint;
  let { state } = constraint;
  while (bytes.length < most && !acceptor.canEnd(state)) {
    const ways = Array.from({ length: 256 }, (_, byte) => acceptor.advanceBytes(state, Uint8Array.of(byte)));
    const legal = ways.flatMap((way, byte) => (way ? [{ way, byte }] : []));
    const [only] = legal;
    if (!only || legal.length > 1) break;
    bytes.push(only.byte);
    state = only.way;
  }
  return bytes;
}

function listen(
  waiting: Extract<Constraint, { kind: "waiting" }>,
  { token, bytes, pendingBytes }: Arrival,
): Constraint | undefined {
  const { text, rest } = splitUtf8(pendingBytes, bytes);
  const whole = waiting.text + text;
  for (const trigger of waiting.triggers) {
    const start = trigger.type === "token" ? whole.length - text.length : firedAt(trigger, whole);
    if (start === undefined || (trigger.type === "token" && trigger.token !== token)) continue;
    const read = [...new TextEncoder().encode(whole.slice(start)), ...rest];
    const state = waiting.acceptor.advanceBytes(waiting.acceptor.start(), Uint8Array.from(read));
    return state && { kind: "active", acceptor: waiting.acceptor, state };
  }
  return { ...waiting, text: whole };
}

/** Where in the text the grammar starts, if this trigger fires on it. */
function firedAt(trigger: Exclude<GrammarTrigger, { type: "token" }>, text: string): number | undefined {
  if (trigger.type === "word") {
    const at = text.indexOf(trigger.text);
    return at === -1 ? undefined : at;
  }
  const source = trigger.type === "pattern" ? trigger.source : `^(?:${trigger.source})$`;
  const match = new RegExp(source, "d").exec(text);
  return match?.indices?.[1]?.[0] ?? match?.index;
}
