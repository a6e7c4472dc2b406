/**
 * JSON in the one spelling that our grammars allow: `", "` and `": "` between things, no other white space, no raw
 * control characters. With one spelling there is nothing for a model to hesitate about.
 *
 * @throws RangeError when the value is nested too deep for the stack
 */
export function fixedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(fixedJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([name, member]) => `${fixedJson(name)}: ${fixedJson(member)}`);
    return `{${members.join(", ")}}`;
  }
  return JSON.stringify(value).replaceAll("\x7f", "\\u007f");
}
