// What every backend must do, as cases that run unchanged on each. A case may ask capabilities, never a name.
import { argumentCases } from "./contract/argument-cases.ts";
import { biasCases } from "./contract/bias-cases.ts";
import { cellCases } from "./contract/cell-cases.ts";
import { commitCases } from "./contract/commit-cases.ts";
import type { ContractCase } from "./contract/contract-case.ts";
import { draftCases } from "./contract/draft-cases.ts";
import { drawCases } from "./contract/draw-cases.ts";
import { failureCases } from "./contract/failure-cases.ts";
import { grammarCases } from "./contract/grammar-cases.ts";
import { groupCases } from "./contract/group-cases.ts";
import { iteratorCases } from "./contract/iterator-cases.ts";
import { lazyGrammarCases } from "./contract/lazy-grammar-cases.ts";
import { leaseCases } from "./contract/lease-cases.ts";
import { metricsCases } from "./contract/metrics-cases.ts";
import { parkCases } from "./contract/park-cases.ts";
import { penaltyCases } from "./contract/penalty-cases.ts";
import { prefillCases } from "./contract/prefill-cases.ts";
import { prefixCases } from "./contract/prefix-cases.ts";
import { rowCases } from "./contract/row-cases.ts";
import { runCases } from "./contract/run-cases.ts";
import { samplingCases } from "./contract/sampling-cases.ts";
import { saveCases } from "./contract/save-cases.ts";
import { vocabularyCases } from "./contract/vocabulary-cases.ts";

export type { ContractBackend, ContractCase, ContractSize, ContractTraits } from "./contract/contract-case.ts";

export const contractCases: readonly ContractCase[] = [
  ...leaseCases,
  ...prefillCases,
  ...commitCases,
  ...samplingCases,
  ...drawCases,
  ...penaltyCases,
  ...biasCases,
  ...grammarCases,
  ...lazyGrammarCases,
  ...metricsCases,
  ...iteratorCases,
  ...rowCases,
  ...failureCases,
  ...cellCases,
  ...prefixCases,
  ...groupCases,
  ...runCases,
  ...draftCases,
  ...parkCases,
  ...saveCases,
  ...argumentCases,
  ...vocabularyCases,
];
