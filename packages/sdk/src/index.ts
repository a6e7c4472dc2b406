export type {
  Capabilities,
  CommitEntry,
  DraftAsk,
  Engine,
  GrammarTrigger,
  PrefillEntry,
  Produced,
  RunOptions,
  SamplingParams,
  SequenceMetrics,
  TokenBias,
} from "./backend/engine.ts";
export { checkTriggers } from "./backend/grammar-trigger.ts";
export type { SequenceHandle, Token } from "./backend/ids.ts";
export { requireObjects } from "./backend/require-objects.ts";
export { type ResolvedSampling, resolveSampling } from "./backend/sampling.ts";
export { checkImage, type GrammarImage, type SequenceImage } from "./backend/sequence-image.ts";
export type { SessionContext } from "./backend/session-context.ts";
export { checkBiases } from "./backend/token-bias.ts";
export type { StructuralToken, Vocabulary } from "./backend/vocabulary.ts";
export type { BatchRecord, TreeStats } from "./branch/batch-log.ts";
export { Branch } from "./branch/branch.ts";
export { BranchStore, type SaveScope, type StoreRunOptions } from "./branch/branch-store.ts";
export type { Pressure, Reservation } from "./branch/cell-ledger.ts";
export type { Drafter } from "./branch/drafter.ts";
export { PromptLookup } from "./branch/prompt-lookup.ts";
export { checkArguments } from "./chat/check-arguments.ts";
export { createLanguage } from "./chat/create-language.ts";
export { buildSystemPrefix, buildToolResultDelta, buildUserDelta } from "./chat/delta.ts";
export type {
  JsonSchema,
  Language,
  Origin,
  PieceTokens,
  Segment,
  ToolResultText,
  ToolSchema,
} from "./chat/language.ts";
export type { ToolCall, ToolCallParse } from "./chat/tool-call.ts";
export * from "./errors.ts";
export { jsonSchemaToGbnf } from "./grammar/json-schema-to-gbnf.ts";
export { checkGrammarLimits } from "./grammar/limits.ts";
export { gbnfLiteral, oneOf } from "./grammar/literals.ts";
export { Listeners } from "./listeners.ts";
export { Session } from "./session/session.ts";
