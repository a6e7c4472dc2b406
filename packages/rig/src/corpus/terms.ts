import { stemmer } from "stemmer";
import { stopWords } from "./stop-words.ts";

/*
 * "--no-mmproj-offload"   words: no-mmproj-offload         terms: no-mmproj-offload  no  mmproj  offload
 * "GGML_CUDA_P2P=1"       words: GGML_CUDA_P2P, 1          terms: ggml_cuda_p2p  ggml  cuda  p2p  1
 * "OpenCL is enabled"     words: OpenCL, is, enabled       terms: opencl  open  cl  enabl
 */

/** The longest word that is looked at: what is longer is base64 or a hash, and no one asks for it. */
const wordCharsMax = 80;

// Every alternative begins with another character class, so the match never goes back: linear on any text.
const wordPattern = /[\p{L}\p{M}\p{N}_]+(?:[.\-'’+][\p{L}\p{M}\p{N}_]+)*/gu;

/** The words of a text as they stand: letters, digits and `_`, joined by single dots, hyphens and apostrophes. */
export function words(text: string): string[] {
  const found = (text.match(wordPattern) ?? []).filter((one) => one.length <= wordCharsMax);
  // In Markdown "_draft_" is emphasis; nobody asks for the underscores of "__device__" either.
  return found.map((one) => one.replace(/^_+|_+$/g, "")).filter((one) => one !== "");
}

/**
 * The index terms of a text, in order, with repetitions: stems of its words without the stop words. An identifier gives
 * itself, lower-cased, and its parts, so that it is found by its whole name and by any word in it.
 */
export function terms(text: string): string[] {
  return words(text).flatMap(termsOfWord);
}

/** The terms of one word, the whole word first. Empty for a stop word. */
export function termsOfWord(word: string): string[] {
  const found = word.replace(/['’]s$/, "");
  const parts = partsOf(found);
  const whole = fold(found);
  if (parts.length === 1) return stopWords.has(whole) ? [] : [stem(whole)];
  const kept = parts.map(fold).filter((part) => part.length > 1 && !stopWords.has(part));
  return [stem(whole), ...kept.map(stem)];
}

/** Lower case, with the compatibility forms of Unicode made equal (`ﬁ`, full-width letters). */
export function fold(found: string): string {
  return found.normalize("NFKC").toLowerCase().replaceAll("’", "'");
}

/** The stem of a folded word. Words with digits, dots or underscores are names and stay whole. */
export function stem(folded: string): string {
  return /^[a-z]{3,}$/.test(folded) ? stemmer(folded) : folded;
}

// camelCase and ABCWord are cut, plurals of acronyms ("GPUs", "LLMs") are not.
const camel = /(?<=[\p{Ll}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll}{2})/u;

function partsOf(found: string): string[] {
  return found
    .split(/[._\-'’+]/)
    .flatMap((part) => part.split(camel))
    .filter((part) => part !== "");
}
