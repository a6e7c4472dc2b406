import { InvalidArgumentError, type ToolSchema } from "@lloyal-labs/sdk";
import type { AnyTool } from "./tool.ts";

export interface Toolkit {
  /** For dispatch. */
  toolMap: ReadonlyMap<string, AnyTool>;
  /** For prompts. */
  toolsJson: readonly ToolSchema[];
}

/** @throws InvalidArgumentError when two tools have one name. */
export function createToolkit(tools: readonly AnyTool[]): Toolkit {
  const toolMap = new Map<string, AnyTool>();
  for (const tool of tools) {
    if (toolMap.has(tool.name))
      throw new InvalidArgumentError(`two tools are called ${tool.name}.`, { tool: tool.name });
    toolMap.set(tool.name, tool);
  }
  return { toolMap, toolsJson: tools.map((tool) => tool.schema) };
}
