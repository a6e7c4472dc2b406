import { answerWith, arms, type BenchTarget } from "./arms.ts";
import { isRight, questions } from "./questions.ts";

export interface AnswersResult {
  right: Record<string, number>;
  answers: { id: string; arm: string; right: boolean; text: string }[];
}

/** Every question through every arm. */
export async function benchAnswers(target: BenchTarget, only?: string): Promise<AnswersResult> {
  const result: AnswersResult = { right: {}, answers: [] };
  for (const arm of Object.keys(arms).filter((name) => !only || name === only)) {
    result.right[arm] = 0;
    for (const question of questions) {
      const answer = await answerWith(arm, question.question, target);
      const right = isRight(question, answer);
      result.right[arm] += right ? 1 : 0;
      result.answers.push({ id: question.id, arm, right, text: answer.text });
      process.stderr.write(
        `${arm} ${question.id} ${right ? "right" : "WRONG"}: ${answer.text.replace(/\n/g, " / ").slice(0, 300)}\n`,
      );
    }
  }
  return result;
}

/** The bars of this bench that are missed. */
export function missedBars({ right }: AnswersResult): string[] {
  const { pipeline = 0, ...others } = right;
  const missed = pipeline >= 8 ? [] : [`the pipeline answers ${pipeline} of 10; the bar is 8`];
  for (const [arm, count] of Object.entries(others)) {
    if (pipeline <= count) missed.push(`the pipeline answers ${pipeline}, no more than ${arm} with ${count}`);
  }
  return missed;
}
