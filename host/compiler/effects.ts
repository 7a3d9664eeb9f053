/** What functions may change of the fields of objects, themselves or by what they call, as far as marks tell (`loads.ts` says what the rules rest on). */
import type { Expr } from "./asc.js";
import { ELEMENT, FIELD } from "./marks.js";
import { alignOf, bytesOf, callTarget, isAtomic, localIndex, offsetOf, walk } from "./safepoints-ir.js";
import { CORE, PANICS } from "./session.js";

/** What takes room for objects, and collects them: in no field of the program's. */
export const MEMORY = [`${CORE}/memory/`, `${CORE}/gc/`];

export const CHANGES_ALL = /^(CallIndirect|Atomic|Memory(Copy|Fill)|SIMDLoadStore)/;

/** What code may change of fields. */
export interface Effects {
  /** All. */
  all: boolean;
  /** Else those at these offsets, each with its size: see `fieldKey`. */
  readonly fields: Set<number>;
  readonly calls: Set<string>;
  readonly locals: Set<number>;
  readonly marked: Expr[];
}

/** More than any field has bytes. */
const SIZES = 32;

/** The field that a store is to: its offset and its size. */
export function fieldKey(store: Expr): number {
  return offsetOf(store) * SIZES + bytesOf(store);
}

/** Whether the field of a key has one of these bytes. */
export function overlaps(key: number, from: number, bytes: number): boolean {
  const at = Math.floor(key / SIZES);
  return at < from + bytes && from < at + (key % SIZES);
}

export function nothing(): Effects {
  return { all: false, fields: new Set(), calls: new Set(), locals: new Set(), marked: [] };
}

export function effectsOf(expression: Expr): Effects {
  const effects = nothing();
  walk(expression, (part, kind) => {
    switch (kind) {
      case "LocalSet":
        effects.locals.add(localIndex(part));
        break;
      case "Load":
        if (alignOf(part) >= ELEMENT) effects.marked.push(part);
        if (isAtomic(part)) effects.all = true;
        break;
      case "Store":
        if (alignOf(part) >= ELEMENT) effects.marked.push(part);
        if (alignOf(part) === FIELD) effects.fields.add(fieldKey(part));
        else if (alignOf(part) !== ELEMENT) effects.all = true;
        break;
      case "Call":
        effects.calls.add(callTarget(part));
        break;
      default:
        if (CHANGES_ALL.test(kind)) effects.all = true;
    }
  });
  return effects;
}

/** Adds to what each function changes what those that it calls do. */
export function spread(effects: Map<string, Effects>): void {
  for (let changed = true; changed;) {
    changed = false;
    for (const own of effects.values()) {
      const { all, fields } = own;
      const size = fields.size;
      for (const name of own.calls) addCall(own, name, effects);
      changed ||= own.all !== all || fields.size !== size;
    }
  }
}

export function addCall(to: Effects, name: string, effects: ReadonlyMap<string, Effects>): void {
  if (to.all || PANICS.has(name)) return;
  const callee = effects.get(name);
  if (callee === undefined || callee.all) to.all = true;
  else for (const field of callee.fields) to.fields.add(field);
}
