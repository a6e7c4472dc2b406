export { type ContractBackend, type ContractCase, type ContractSize, contractCases } from "./backend-contract.ts";
export { compileGbnf, type GbnfAcceptor, type GbnfState } from "./gbnf-acceptor.ts";
export { scriptedReplies } from "./scripted-replies.ts";
export { createSimulatedContext } from "./simulated-backend.ts";
export { SimulatedEngine, type SimulatedEngineOptions, type SimulatedScript } from "./simulated-engine.ts";
export { chatmlLiterals, createSimulatedVocabulary, type StructuralLiteral } from "./simulated-vocabulary.ts";
