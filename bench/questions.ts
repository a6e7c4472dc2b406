import { readFileSync } from "node:fs";

export interface Question {
  id: string;
  question: string;
  /** Strings that a right answer holds; none for a question that the corpus cannot answer. */
  expect: string[];
}

export interface Answer {
  text: string;
  /** Whether it cites a passage. */
  cited: boolean;
  /** Whether it says that the corpus holds no answer. */
  declined: boolean;
}

export const questions: Question[] = JSON.parse(
  readFileSync(new URL("./questions/llama-cpp-docs.json", import.meta.url), "utf8"),
).questions;

/** All expected strings, case ignored, and a citation; an unanswerable question counts when the answer says so. */
export function isRight({ expect }: Question, { text, cited, declined }: Answer): boolean {
  if (expect.length === 0) return declined;
  const lower = text.toLowerCase();
  return cited && !declined && expect.every((part) => lower.includes(part.toLowerCase()));
}
