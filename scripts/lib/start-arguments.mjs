const defaultQuestion = "Which environment variable enables CUDA unified memory, and what does it cost?";

/**
 * Adds the corpus that the set-up has brought, and a question about it, where the user named none. A corpus of the
 * user's own gets no question of ours: it would have no answer there.
 *
 * @param {readonly string[]} given
 * @param {string} docs
 */
export function withDefaults(given, docs) {
  /** @param {string} option */
  const has = (option) => given.some((argument) => argument === option || argument.startsWith(`${option}=`));
  const args = [...given];
  if (!has("--corpus")) {
    args.push("--corpus", docs);
    if (!has("--query")) args.push("--query", defaultQuestion);
  }
  return args;
}
