export interface ToolCall {
  name: string;
  /** The parsed JSON object; not yet checked against the tool's schema. */
  args: Readonly<Record<string, unknown>>;
}

export interface ToolCallParse {
  /** Prose outside the calls, trimmed. */
  content: string;
  toolCalls: ToolCall[];
  /** What could not be read as a call, with the reason. */
  malformed: { text: string; reason: string }[];
}
