import { ModelError } from "../errors.ts";

/** Why a file is refused, in facts. */
export interface Refusal {
  /** A metadata key, a tensor or a part of the header. */
  what: string;
  found: string | number;
  /** Reads well after "must be". */
  allowed: string;
  /** For refusals that another download does not mend. */
  remedy?: string;
}

/** `rule` is a stable name, for programs and tests; `facts` carries it with those of the refusal. */
export function modelInvalid(path: string, rule: string, { what, found, allowed, remedy }: Refusal): ModelError {
  const error = new ModelError(
    "MODEL_INVALID",
    `${path} cannot be used: ${what} is ${found}, but must be ${allowed}.`,
    {
      facts: { path, rule, what, found, allowed },
      remedy: remedy ?? "Download the file again; if it stays so, use another conversion of the model.",
    },
  );
  return withoutStack(error);
}

/** A wrong file is no defect of the program: the message says all, frames of ours would only hide it. */
export function withoutStack(error: ModelError): ModelError {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

const quotedMax = 60;

/** Text out of a file, for a message: short, on one line, and harmless to a terminal. */
export function quote(text: string): string {
  const cut = text.length > quotedMax ? `${text.slice(0, quotedMax)}…` : text;
  return JSON.stringify(cut).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
