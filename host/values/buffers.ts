/** What can be asked of array buffers and their views. */
import { Buffer } from "node:buffer";
import { types } from "node:util";

/** Classes of views, by the index that stands for them. */
const VIEWS: readonly (new (buffer: ArrayBufferLike, offset?: number, length?: number) => ArrayBufferView)[] = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
];
const NAMES = VIEWS.map((view) => view.name);
/** The newest, where the engine has it. */
const float16 = (globalThis as { Float16Array?: (typeof VIEWS)[number] }).Float16Array;
const all = float16 === undefined ? VIEWS : [...VIEWS, float16];

/** What newer engines than the types describe have. */
interface Resizable {
  readonly resizable?: boolean;
  readonly maxByteLength?: number;
}

/** Whether a view's buffer can change its size. */
export function isResizable(buffer: ArrayBufferLike): boolean {
  return (buffer as Resizable).resizable === true;
}

/** The class of view that `view` is, whatever it was derived from. */
export function viewIndex(view: ArrayBufferView): number {
  const name = types.isDataView(view) ? "DataView" : (view as Uint8Array)[Symbol.toStringTag];
  const index = NAMES.indexOf(name);
  return index >= 0 ? index : NAMES.length;
}

export function newView(index: number, buffer: ArrayBufferLike, offset: number, length: number): ArrayBufferView {
  const View = all[index];
  if (View === undefined) throw new TypeError("this engine has no such typed array");
  return length < 0 ? new View(buffer, offset) : new View(buffer, offset, length);
}

/** Elements of a typed array, bytes of a DataView; -1 if the length follows that of its resizable buffer. */
export function viewLength(view: ArrayBufferView): number {
  const { buffer } = view;
  if (isResizable(buffer) && view.byteOffset + view.byteLength === buffer.byteLength) return -1;
  return types.isDataView(view) ? view.byteLength : (view as Uint8Array).length;
}

/** The length to which a resizable buffer can grow; -1 for others. */
export function greatestLength(buffer: ArrayBuffer): number {
  const { resizable, maxByteLength } = buffer as ArrayBuffer & Resizable;
  return resizable === true && maxByteLength !== undefined ? maxByteLength : -1;
}

export function newBuffer(length: number, greatest: number): ArrayBuffer {
  if (greatest < 0) return length < UNCLEARED ? new ArrayBuffer(length) : uncleared(length);
  return new (ArrayBuffer as new (length: number, options: { maxByteLength: number }) => ArrayBuffer)(length, {
    maxByteLength: greatest,
  });
}

export function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength !== 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Where clearing memory that is written at once costs more than asking for it uncleared. */
const UNCLEARED = 4096;

function uncleared(length: number): ArrayBuffer {
  const { buffer } = Buffer.allocUnsafeSlow(length);
  return buffer.byteLength === length ? buffer : new ArrayBuffer(length);
}
