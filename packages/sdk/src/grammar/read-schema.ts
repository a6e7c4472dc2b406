import { GrammarInvalidError } from "../errors.ts";
import type { PropertyNode, Scalar, SchemaNode } from "./schema-node.ts";

const schemaLimits = {
  depth: 64,
  /** Properties, enum values and alternatives, in all. */
  entries: 4096,
} as const;

const annotations = new Set(["description", "title", "default", "examples", "$schema"]);

const keywordsOfType: Readonly<Record<string, readonly string[]>> = {
  object: ["properties", "required", "additionalProperties"],
  array: ["items", "minItems", "maxItems"],
  string: ["minLength", "maxLength"],
  number: ["minimum", "maximum"],
  integer: ["minimum", "maximum"],
  boolean: [],
  null: [],
};

/**
 * Reads a JSON schema, which may come from anywhere, into a tree that needs no further checks.
 *
 * A keyword that is unknown, or stands where it has no meaning, is refused: ignored, it would promise a constraint
 * that nobody enforces.
 *
 * @throws GrammarInvalidError with the place as a JSON pointer, and over 64 levels or 4,096 entries
 */
export function readSchema(schema: unknown): SchemaNode {
  return new SchemaReader().read(schema, "", 0);
}

class SchemaReader {
  #entries = 0;

  read(schema: unknown, path: string, depth: number): SchemaNode {
    if (depth > schemaLimits.depth) refuse(path, `is nested deeper than ${schemaLimits.depth} levels`);
    const keywords = keywordsOf(schema, path);

    if (keywords.has("anyOf")) return this.#readUnion(keywords, path, depth);
    if (keywords.has("enum") || keywords.has("const")) return this.#readEnum(keywords, path);
    if (keywords.size === 0) return { kind: "any" };

    const types = readTypes(keywords, path);
    refuseOthers(keywords, ["type", ...types.flatMap((type) => keywordsOfType[type]!)], path);
    const options = types.map((type) => this.#readType(type, keywords, path, depth));
    return options.length === 1 ? options[0]! : { kind: "union", options };
  }

  #readType(type: string, keywords: Keywords, path: string, depth: number): SchemaNode {
    switch (type) {
      case "object":
        return this.#readObject(keywords, path, depth);
      case "array": {
        const [minItems, maxItems] = readCounts(keywords, "minItems", "maxItems", path);
        const items = keywords.has("items") ? keywords.get("items") : {};
        return { kind: "array", items: this.read(items, `${path}/items`, depth + 1), minItems, maxItems };
      }
      case "string": {
        const [minLength, maxLength] = readCounts(keywords, "minLength", "maxLength", path);
        return { kind: "string", minLength, maxLength };
      }
      case "boolean":
      case "null":
        return { kind: type };
      default:
        return readNumber(type === "integer", keywords, path);
    }
  }

  #readObject(keywords: Keywords, path: string, depth: number): SchemaNode {
    const schemas = keywords.get("properties") ?? {};
    if (!isObject(schemas)) refuse(`${path}/properties`, "is not an object");
    const required = readRequired(keywords, path);
    for (const name of required)
      if (!Object.hasOwn(schemas, name)) refuse(`${path}/required`, `names ${quote(name)}, which is no property`);
    const additional = keywords.get("additionalProperties") ?? true;
    if (typeof additional !== "boolean") refuse(`${path}/additionalProperties`, "is not a boolean");

    const properties = Object.keys(schemas).map((name): PropertyNode => {
      this.#count(1, path);
      const node = this.read(schemas[name], `${path}/properties/${name}`, depth + 1);
      return { name, node, isRequired: required.has(name) };
    });
    return { kind: "object", properties, allowsOthers: additional };
  }

  #readUnion(keywords: Keywords, path: string, depth: number): SchemaNode {
    refuseOthers(keywords, ["anyOf"], path);
    const schemas = keywords.get("anyOf");
    if (!Array.isArray(schemas) || schemas.length === 0) refuse(`${path}/anyOf`, "is not a list of schemas");
    this.#count(schemas.length, path);
    return { kind: "union", options: schemas.map((schema, i) => this.read(schema, `${path}/anyOf/${i}`, depth + 1)) };
  }

  #readEnum(keywords: Keywords, path: string): SchemaNode {
    refuseOthers(keywords, ["type", keywords.has("const") ? "const" : "enum"], path);
    const values = keywords.has("const") ? [keywords.get("const")] : keywords.get("enum");
    if (!Array.isArray(values) || values.length === 0) refuse(`${path}/enum`, "is not a list of values");
    this.#count(values.length, path);
    const types = keywords.has("type") ? readTypes(keywords, path) : undefined;
    for (const value of values) {
      if (!isScalar(value)) refuse(path, "lists a value that is no string, finite number, boolean or null");
      if (types !== undefined && !types.some((type) => hasType(value, type)))
        refuse(path, `lists ${quote(value)}, which is not of its type`);
    }
    return { kind: "enum", values };
  }

  #count(entries: number, path: string): void {
    this.#entries += entries;
    if (this.#entries > schemaLimits.entries) refuse(path, `goes over ${schemaLimits.entries} properties and values`);
  }
}

/** Keywords that say something, in order. A map, so that names such as `__proto__` are names like any other. */
type Keywords = ReadonlyMap<string, unknown>;

function keywordsOf(schema: unknown, path: string): Keywords {
  if (!isObject(schema)) refuse(path, "is not an object");
  return new Map(Object.entries(schema).filter(([key, value]) => value !== undefined && !annotations.has(key)));
}

function refuseOthers(keywords: Keywords, allowed: readonly string[], path: string): void {
  for (const keyword of keywords.keys())
    if (!allowed.includes(keyword)) refuse(path, `has the keyword ${quote(keyword)}, which is not supported here`);
}

function readTypes(keywords: Keywords, path: string): readonly string[] {
  const type = keywords.get("type");
  const types: unknown[] = Array.isArray(type) ? type : [type];
  if (types.length === 0) refuse(`${path}/type`, "is empty");
  return types.map((name) => {
    if (typeof name !== "string" || !Object.hasOwn(keywordsOfType, name))
      refuse(path, `has no known type: ${quote(name)}`);
    return name;
  });
}

function readCounts(keywords: Keywords, minKeyword: string, maxKeyword: string, path: string): [number, number] {
  const least = keywords.get(minKeyword) ?? 0;
  const most = keywords.get(maxKeyword) ?? Number.POSITIVE_INFINITY;
  if (!isCount(least)) refuse(`${path}/${minKeyword}`, "is not a count");
  if (!isCount(most) && keywords.has(maxKeyword)) refuse(`${path}/${maxKeyword}`, "is not a count");
  if (least > (most as number)) refuse(path, `has ${minKeyword} above ${maxKeyword}`);
  return [least, most as number];
}

function readNumber(isInteger: boolean, keywords: Keywords, path: string): SchemaNode {
  const minimum = readBound(keywords, "minimum", path);
  const maximum = readBound(keywords, "maximum", path);
  const isEmpty = isInteger
    ? Math.ceil(minimum ?? -Infinity) > Math.floor(maximum ?? Infinity)
    : minimum !== undefined && maximum !== undefined && minimum > maximum;
  if (isEmpty) refuse(path, "has no value between minimum and maximum");
  return { kind: "number", isInteger, minimum, maximum };
}

function readBound(keywords: Keywords, keyword: string, path: string): number | undefined {
  const bound = keywords.get(keyword);
  if (bound === undefined) return undefined;
  if (typeof bound !== "number" || !Number.isFinite(bound)) refuse(`${path}/${keyword}`, "is not a finite number");
  return bound;
}

function readRequired(keywords: Keywords, path: string): ReadonlySet<string> {
  const names = keywords.get("required") ?? [];
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string"))
    refuse(`${path}/required`, "is not a list of names");
  return new Set<string>(names);
}

function hasType(value: Scalar, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  return value === null ? type === "null" : typeof value === type;
}

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quote(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}

function refuse(path: string, reason: string): never {
  const place = path.length > 200 ? `…${path.slice(-200)}` : path;
  throw new GrammarInvalidError(`the schema at ${place === "" ? "its root" : place} ${reason}.`, { path: place });
}
