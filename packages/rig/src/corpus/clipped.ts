/** The first characters of a text, without half of a surrogate pair at either end. */
export function clipped(text: string, charsMax: number): string {
  return text.slice(0, charsMax).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, "");
}
