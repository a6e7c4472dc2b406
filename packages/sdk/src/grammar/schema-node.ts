/** A value that an enum may list. */
export type Scalar = string | number | boolean | null;

/**
 * A JSON schema once it has been read: every keyword understood, every bound checked, nothing left to interpret.
 * The grammar and the check of arguments both work on this, so that they cannot disagree about a schema.
 */
export type SchemaNode =
  | { kind: "any" }
  | { kind: "null" }
  | { kind: "boolean" }
  | { kind: "number"; isInteger: boolean; minimum: number | undefined; maximum: number | undefined }
  /** Lengths in Unicode code points; `maxLength` may be Infinity. */
  | { kind: "string"; minLength: number; maxLength: number }
  /** `maxItems` may be Infinity. */
  | { kind: "array"; items: SchemaNode; minItems: number; maxItems: number }
  | { kind: "object"; properties: readonly PropertyNode[]; allowsOthers: boolean }
  | { kind: "enum"; values: readonly Scalar[] }
  | { kind: "union"; options: readonly SchemaNode[] };

export interface PropertyNode {
  name: string;
  node: SchemaNode;
  isRequired: boolean;
}
