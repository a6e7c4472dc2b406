/** Numbers in our grammars have at most 15 digits before the point: every one is exact in a double. */
export const largestMagnitude = 999_999_999_999_999;

/**
 * A GBNF expression for the integers from `low` to `high` in decimal, without leading zeros.
 *
 *     95 to 320   "9" [5-9] | [1-2] [0-9]{2} | "3" ([0-1] [0-9] | "2" "0")
 *
 * @param low - 0 <= low <= high <= largestMagnitude
 */
export function digitRange(low: number, high: number): string {
  const options: string[] = low === 0 ? ['"0"'] : [];
  let from = Math.max(low, 1);
  while (from <= high) {
    const digits = String(from).length;
    const largest = 10 ** digits - 1;
    if (from === 10 ** (digits - 1) && largest <= high) {
      // Whole lengths in a row are one expression.
      const digitsMax = String(high + 1).length - 1;
      options.push(`[1-9]${anyDigits(digits - 1, digitsMax - 1)}`);
      from = 10 ** digitsMax;
    } else {
      options.push(...sameLength(String(from), String(Math.min(largest, high))));
      from = largest + 1;
    }
  }
  return options.join(" | ");
}

/** Alternatives for the digit strings from `low` to `high`, which are equally long. */
function sameLength(low: string, high: string): string[] {
  if (low === high) return [`"${low}"`];
  const rest = low.length - 1;
  const [lowDigit, highDigit] = [Number(low[0]), Number(high[0])];
  if (lowDigit === highDigit)
    return [sequence(digitClass(lowDigit, lowDigit), sameLength(low.slice(1), high.slice(1)))];

  const startsRound = low.slice(1) === "0".repeat(rest);
  const endsRound = high.slice(1) === "9".repeat(rest);
  const options: string[] = [];
  if (!startsRound) options.push(sequence(`"${lowDigit}"`, sameLength(low.slice(1), "9".repeat(rest))));
  const from = startsRound ? lowDigit : lowDigit + 1;
  const to = endsRound ? highDigit : highDigit - 1;
  if (from <= to) options.push(digitClass(from, to) + anyDigits(rest, rest));
  if (!endsRound) options.push(sequence(`"${highDigit}"`, sameLength("0".repeat(rest), high.slice(1))));
  return options;
}

function sequence(first: string, options: readonly string[]): string {
  return `${first} ${options.length === 1 ? options[0] : `(${options.join(" | ")})`}`;
}

function digitClass(from: number, to: number): string {
  return from === to ? `"${from}"` : `[${from}-${to}]`;
}

function anyDigits(least: number, most: number): string {
  if (most === 0) return "";
  if (least === 1 && most === 1) return " [0-9]";
  return least === most ? ` [0-9]{${most}}` : ` [0-9]{${least},${most}}`;
}
