// What reports are written with. Corpus and model text may hold terminal escapes, and a report is read in terminals.

/** `text` without the characters that a terminal obeys. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are taken out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "");
}

export function inline(text: string): string {
  return printable(text).replace(/\s+/g, " ").trim();
}

/** A quote inside a list item. */
export function blockQuote(text: string): string {
  return printable(text)
    .split("\n")
    .map((line) => `  > ${line}`)
    .join("\n");
}

/** The checks of a citation in words. `supported` is left out where there is no statement to support. */
export function checksOf({ verified, supported }: { verified: boolean; supported?: boolean }): string {
  const quote = verified ? "quote verified" : "QUOTE NOT FOUND";
  if (supported === undefined) return quote;
  return `${quote}, ${supported ? "supported" : "NOT SUPPORTED"}`;
}
