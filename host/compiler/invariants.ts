/** Which fields do not change in a loop (`loads.ts`). */
import type { Expr } from "./asc.js";
import type { Effects } from "./effects.js";
import { changes, keyOf, LENGTHS, localOf, type Field, type Known } from "./known.js";
import { localIndex, slotsOf, walk } from "./safepoints-ir.js";

/**
 * The fields that are read in a loop, do not change in it, and are of objects that do not, in the order of reading, lengths first: `this.cells`, then
 * its length and its data. Of locals that the loop sets, those count that it sets to nothing but such a field.
 */
export function invariantFields(
  loop: Expr,
  changed: Effects,
  known: Known,
  valueOf: (field: Field) => number | null,
  fieldOf: (expression: Expr, root: (local: number) => number | null) => Field | null,
): { readonly field: Field; readonly value: number }[] {
  const found = new Map<string, { readonly field: Field; readonly value: number }>();
  /** What locals that are set in the loop are set to; null if that changes. */
  const sets = new Map<number, number | null>();
  const root = (local: number): number | null =>
    changed.locals.has(local) ? (sets.get(local) ?? null) : known.root(local);
  const valueIn = (expression: Expr): number | null => {
    const local = localOf(expression);
    if (local !== null) return root(local);
    const field = fieldOf(expression, root);
    if (field === null || changes(changed.fields, field)) return null;
    const value = valueOf(field);
    if (value !== null && !found.has(keyOf(field))) found.set(keyOf(field), { field, value });
    return value;
  };
  // Inner objects are known once the locals that hold them are: a turn for each step from object to object.
  for (let steps = 0, before = -1; steps < 4 && found.size !== before; steps++) {
    before = found.size;
    const now = new Map<number, number | null>();
    walk(loop, (expression, kind) => {
      if (kind === "Load") valueIn(expression);
      if (kind !== "LocalSet") return;
      const local = localIndex(expression);
      const value = valueIn(slotsOf(expression)[0]!.child);
      now.set(local, now.has(local) && now.get(local) !== value ? null : value);
    });
    for (const [local, value] of now) sets.set(local, value);
  }
  const rank = ({ offset }: Field): number => (LENGTHS.includes(offset) ? 0 : 1);
  // A value comes before what is read of it: its own local is the lower one, but for lengths, of which nothing is read.
  return [...found.values()].sort((a, b) =>
    a.field.base === b.field.base ? rank(a.field) - rank(b.field) || a.value - b.value : a.field.base - b.field.base,
  );
}
