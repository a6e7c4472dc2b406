/** A call that an agent has made, as its policy sees it. */
export interface PastCall {
  name: string;
  args: Readonly<Record<string, unknown>>;
  text: string;
}
