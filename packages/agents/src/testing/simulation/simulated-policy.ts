import type { AgentPolicy } from "../../policy/agent-policy.ts";
import { DefaultAgentPolicy } from "../../policy/default-policy.ts";
import type { TeamScript } from "./scenario.ts";

/** What fails because its script says so. */
export class PlannedFailure extends Error {}

/** The default policy with a team's limits; one that throws, where the script says so. */
export function createPolicy({ policy: { budget, ...options }, policyFailsAt }: TeamScript): AgentPolicy {
  const policy = new DefaultAgentPolicy({ ...options, ...(budget && { budget: { context: budget } }) });
  if (policyFailsAt === undefined) return policy;
  let questions = 0;
  const failing = <A extends unknown[], R>(answer: (...args: A) => R) => {
    return (...args: A): R => {
      questions += 1;
      if (questions >= policyFailsAt) throw new PlannedFailure("the policy");
      return answer.apply(policy, args);
    };
  };
  policy.planTurn = failing(policy.planTurn);
  policy.judgeCall = failing(policy.judgeCall);
  return policy;
}
