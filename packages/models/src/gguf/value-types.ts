/** Types of metadata values, in the order of the numbers that the format gives them. */
export const valueTypes = [
  "u8",
  "i8",
  "u16",
  "i16",
  "u32",
  "i32",
  "f32",
  "bool",
  "string",
  "array",
  "u64",
  "i64",
  "f64",
] as const;

export type ValueType = (typeof valueTypes)[number];

/** What an array holds. Arrays of arrays exist in the format, but llama.cpp reads none. */
export type ItemType = Exclude<ValueType, "array">;

/** The types of a fixed size; a bool is one byte, 0 or 1. */
export type FixedType = Exclude<ItemType, "string">;

const arrays = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  bool: Uint8Array,
  u64: BigUint64Array,
  i64: BigInt64Array,
  f64: Float64Array,
} satisfies Record<FixedType, unknown>;

export type FixedArray = InstanceType<(typeof arrays)[FixedType]>;

/** Bytes of one value. */
export function fixedBytes(type: FixedType): number {
  return arrays[type].BYTES_PER_ELEMENT;
}

/** The values in `bytes`, which are copied: a typed array over a part of a buffer would have to be aligned in it. */
export function toFixedArray(type: FixedType, bytes: Uint8Array): FixedArray {
  return new arrays[type](new Uint8Array(bytes).buffer);
}

/** One value as the file holds it. Values out of range wrap around. */
export function toBytes(type: FixedType, value: number | bigint | boolean): Uint8Array {
  const items = new arrays[type](1);
  if (items instanceof BigUint64Array || items instanceof BigInt64Array) items[0] = BigInt(value);
  else items[0] = Number(value);
  return new Uint8Array(items.buffer);
}
