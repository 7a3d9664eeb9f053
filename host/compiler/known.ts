/** What is known of locals and fields where control comes by (`loads.ts`). */
import api, { type Expr } from "./asc.js";
import { overlaps, type Effects } from "./effects.js";
import { FIELD } from "./marks.js";
import {
  alignOf,
  blockName,
  constantI32,
  kindName,
  localIndex,
  operationOf,
  slotsOf,
  typeOf,
} from "./safepoints-ir.js";

const { BinaryOp } = api;
const { I32, None } = api.TypeRef;

/** Of an `ArrayBufferView` and of an `Array`: where its data begins, and what says how much there is. */
export const DATA = 4;
export const LENGTHS = [8, 12];

/** A field of the object in a local. */
export interface Field {
  readonly base: number;
  /** How far before the object the field is counted from: the header lies before it. */
  readonly before: number;
  readonly offset: number;
  readonly bytes: number;
  readonly isSigned: boolean;
}

export const keyOf = ({ base, before, offset, bytes, isSigned }: Field): string =>
  [base, offset - before, bytes, isSigned].join(":");

/** A call that finds the entry of a key in a map, or the hash of a key, with these locals. */
interface Lookup {
  readonly operands: readonly number[];
  readonly value: number;
  readonly isHash: boolean;
}

/** What is known where control comes by. */
export class Known {
  constructor(
    /** The fields that have been read, and the local with each. */
    readonly fields = new Map<string, Field & { readonly value: number }>(),
    /** Locals that hold what another one holds. */
    readonly same = new Map<number, number>(),
    /** Indices that are less than a length, both in locals. */
    readonly checked = new Map<string, readonly [index: number, length: number]>(),
    /** The keys that have been looked up, and the local with what was found. */
    readonly lookups = new Map<string, Lookup>(),
  ) {}

  copy(): Known {
    return new Known(new Map(this.fields), new Map(this.same), new Map(this.checked), new Map(this.lookups));
  }

  root(local: number): number {
    return this.same.get(local) ?? local;
  }

  forgetLocal(local: number): void {
    for (const [key, { base, value }] of this.fields) if (base === local || value === local) this.fields.delete(key);
    for (const [copy, root] of this.same) if (copy === local || root === local) this.same.delete(copy);
    for (const [key, pair] of this.checked) if (pair.includes(local)) this.checked.delete(key);
    for (const [key, { operands, value }] of this.lookups) {
      if (value === local || operands.includes(local)) this.lookups.delete(key);
    }
  }

  forgetFields({ all, fields }: Pick<Effects, "all" | "fields">): void {
    // A text never changes, and so its hash; what is in a map may be in any field.
    if (all || fields.size > 0) {
      for (const [key, { isHash }] of this.lookups) if (!isHash) this.lookups.delete(key);
    }
    if (all) this.fields.clear();
    else if (fields.size > 0) {
      for (const [key, field] of this.fields) if (changes(fields, field)) this.fields.delete(key);
    }
  }

  /** A length is read anew: data that was read before it might be too small for it. */
  forgetData({ base, offset }: Field): void {
    if (!LENGTHS.includes(offset)) return;
    for (const [key, field] of this.fields) {
      if (field.base === base && field.offset === DATA) this.fields.delete(key);
    }
  }

  /** Are the lengths of an object known, of those that are ever read? */
  hasLengths(base: number, ever: ReadonlyMap<string, number>): boolean {
    return LENGTHS.every((offset) => {
      const key = keyOf({ base, before: 0, offset, bytes: 4, isSigned: false });
      return !ever.has(key) || this.fields.has(key);
    });
  }

  /** What is left where another way meets this one. */
  meet(other: Known): void {
    for (const [key, { value }] of this.fields) if (other.fields.get(key)?.value !== value) this.fields.delete(key);
    for (const [copy, root] of this.same) if (other.same.get(copy) !== root) this.same.delete(copy);
    for (const key of this.checked.keys()) if (!other.checked.has(key)) this.checked.delete(key);
    for (const [key, { value }] of this.lookups) if (other.lookups.get(key)?.value !== value) this.lookups.delete(key);
  }
}

/** Do stores to these fields, of whatever object, change it? */
export function changes(fields: ReadonlySet<number>, { before, offset, bytes }: Field): boolean {
  const from = offset - before;
  return [...fields].some((field) => overlaps(field, from, bytes));
}

export function isFieldLoad(expression: Expr): boolean {
  return kindName(expression) === "Load" && alignOf(expression) === FIELD && typeOf(expression) === I32;
}

/** What an address is that of, or a constant before. */
export function objectOf(address: Expr): { object: Expr; before: number } {
  if (kindName(address) === "Binary") {
    const [object, distance] = slotsOf(address).map(({ child }) => child);
    const sign = operationOf(address) === BinaryOp.SubI32 ? 1 : operationOf(address) === BinaryOp.AddI32 ? -1 : 0;
    if (sign !== 0 && kindName(distance!) === "Const") {
      const before = sign * constantI32(distance!);
      if (before > 0) return { object: object!, before };
    }
  }
  return { object: address, before: 0 };
}

/** The local that an expression gives the value of, also where a read was replaced. */
export function localOf(expression: Expr): number | null {
  const kind = kindName(expression);
  if (kind === "LocalGet" || (kind === "LocalSet" && typeOf(expression) !== None)) return localIndex(expression);
  return kind === "Block" && blockName(expression) === null ? localOf(slotsOf(expression).at(-1)!.child) : null;
}
