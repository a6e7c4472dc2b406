export {
  type ContractBackend,
  type ContractCase,
  type ContractSize,
  type ContractTraits,
  contractCases,
} from "./backend-contract.ts";
export type { DecodeFault, FaultKind, FaultyContext } from "./faults/fault.ts";
export { runFaultLoop } from "./faults/fault-loop.ts";
export { compileGbnf, type GbnfAcceptor, type GbnfState } from "./gbnf-acceptor.ts";
export { hostileText } from "./hostile-text.ts";
export { type ScriptedReply, scriptedReplies } from "./scripted-replies.ts";
export { createSimulatedContext } from "./simulated-backend.ts";
export { SimulatedEngine, type SimulatedEngineOptions, type SimulatedScript } from "./simulated-engine.ts";
export { chatmlLiterals, createSimulatedVocabulary, type StructuralLiteral } from "./simulated-vocabulary.ts";
export { type StateMutant, stateMutant } from "./state-mutant.ts";
export { StateTrial, type Trial } from "./state-trial.ts";
export { Random } from "./trees/random.ts";
export { type GrownTree, growRandomTree, type InjectedFault, type RandomTreeOptions } from "./trees/random-tree.ts";
export { type GrownTwins, growTwinTrees, type TwinTreesOptions } from "./trees/twin-trees.ts";
