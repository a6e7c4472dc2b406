/**
 * What a document names as a file or folder of the repository: inline code with a slash, or with the ending of a file.
 * Package names and commands are none.
 *
 * @param {string} markdown
 * @returns {string[]}
 */
export function pathsIn(markdown) {
  const prose = markdown.replace(/^```.*?^```$/gms, "");
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
  return spans.filter((span) => /^[\w.][\w./-]*$/.test(span) && (span.includes("/") || fileEnding.test(span)));
}

const fileEnding = /\.(?:ts|mjs|md|jsonc?|ya?ml|h|cpp|txt)$/;

/**
 * A document may leave out the folders that its reader knows from the sentence: `chat/segments.ts` is enough.
 *
 * @param {string} path
 * @param {readonly string[]} files - of the repository
 */
export function names(path, files) {
  const end = `/${path.replace(/\/$/, "")}`;
  return files.some((file) => `/${file}`.endsWith(end) || `/${file}`.includes(`${end}/`));
}
