// What every backend must do, as cases that run unchanged on each. A case may ask capabilities, never a name.
import { argumentCases } from "./contract/argument-cases.ts";
import { cellCases } from "./contract/cell-cases.ts";
import { commitCases } from "./contract/commit-cases.ts";
import type { ContractCase } from "./contract/contract-case.ts";
import { failureCases } from "./contract/failure-cases.ts";
import { grammarCases } from "./contract/grammar-cases.ts";
import { leaseCases } from "./contract/lease-cases.ts";
import { prefillCases } from "./contract/prefill-cases.ts";
import { rowCases } from "./contract/row-cases.ts";
import { samplingCases } from "./contract/sampling-cases.ts";
import { vocabularyCases } from "./contract/vocabulary-cases.ts";

export type { ContractBackend, ContractCase, ContractSize } from "./contract/contract-case.ts";

export const contractCases: readonly ContractCase[] = [
  ...leaseCases,
  ...prefillCases,
  ...commitCases,
  ...samplingCases,
  ...grammarCases,
  ...rowCases,
  ...failureCases,
  ...cellCases,
  ...argumentCases,
  ...vocabularyCases,
];
