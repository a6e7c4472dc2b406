import type { Operation } from "effection";
import { Tool } from "../tools/tool.ts";

/** Knows an entry on everything, and remembers what it was asked. */
export class Lookup extends Tool<{ query: string }> {
  readonly name: string = "lookup";
  readonly description = "Look something up.";
  readonly parameters = { type: "object", properties: { query: { type: "string" } }, required: ["query"] };
  asked: string[] = [];
  *execute({ query }: { query: string }): Operation<unknown> {
    this.asked.push(query);
    return `The entry on ${query}.`;
  }
}

/** The terminal tool of a test: its arguments are the result. */
export class Report extends Tool<{ findings: string }> {
  readonly name = "report";
  readonly description = "End with your findings.";
  readonly parameters = { type: "object", properties: { findings: { type: "string" } }, required: ["findings"] };
  *execute(): Operation<unknown> {
    return null;
  }
}
