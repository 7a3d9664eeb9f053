/**
 * Deferred calls without a record.
 *
 * A record is there for the sake of who makes the call if the function does not come to its end. Where nothing on the way there can keep it from that,
 * the call is made at the end like any other, with its arguments in locals, and costs what it costs:
 *
 *     value(): i32 { this.mutex.lock(); defer(this.mutex.unlock()); return this.count; }
 *
 * Nothing may call, but what panics (a check for null, an index) and what gets or sets a field, which is inlined always; nothing may trap; and the call is
 * deferred once at most, so not in a loop. Where the function panics after all, it makes the record first, right before that.
 *
 * Of several calls all but the last to be made would have to be in the list while that one is: such functions keep their records.
 */
import { isTruncation, mayTrap } from "./frames.js";
import type { Expr, Module, Type } from "./asc.js";
import {
  bodyOf,
  callTarget,
  kindName,
  localIndex,
  offsetOf,
  operationOf,
  slotsOf,
  typeOf,
  walk,
  type Slot,
} from "./safepoints-ir.js";
import { MARKER } from "./places.js";
import { PANICS } from "./session.js";

/** Functions up to that size are inlined whatever they are (`passes.ts`). */
export const ALWAYS_INLINED = 12;

/** A place where a call is deferred, as the code of its function has it. */
export interface Site {
  /** The local that gets the record, and the core's function that takes that. */
  readonly record: number;
  readonly defer: string;
  /** What is stored in the record, where, and the locals that get it instead. */
  readonly types: readonly Type[];
  readonly offsets: readonly number[];
  readonly values: readonly number[];
  /** What is called at the end of the function, and does nothing then. */
  readonly ends: ReadonlySet<string>;
}

/** Does nothing but return keep a function, once it has come by the site, from its end? `isFrame` tells of functions that they are not inlined. */
export function comesToItsEnd(module: Module, body: Expr, site: Site, isFrame: (name: string) => boolean): boolean {
  let isAfter = false;
  let isSafe = true;
  const visit = (expression: Expr): void => {
    if (!isSafe) return;
    const kind = kindName(expression);
    if (kind === "LocalSet" && localIndex(expression) === site.record) {
      if (isAfter) isSafe = false;
      isAfter = true;
      return;
    }
    const wasAfter = isAfter;
    for (const { child } of slotsOf(expression)) visit(child);
    if (!isAfter) return;
    // One that contains the site comes by again.
    if (kind === "Loop") isSafe = false;
    else if (kind === "Call") {
      const target = callTarget(expression);
      const isOwn = target === site.defer || site.ends.has(target);
      isSafe &&= isOwn || PANICS.has(target) || (wasAfter && isSmall(module, target, isFrame));
    } else if (!isHarmless(expression, kind)) isSafe = false;
  };
  visit(body);
  return isSafe && isAfter;
}

const HARMLESS = new Set(["If", "Block", "Break", "Switch", "LocalGet", "LocalSet", "GlobalGet", "Load", "Store"]);
for (const kind of ["Const", "Unary", "Binary", "Select", "Drop", "Return", "Nop", "Unreachable"]) HARMLESS.add(kind);

function isHarmless(expression: Expr, kind: string): boolean {
  if (kind === "Unary") return !isTruncation(operationOf(expression));
  if (kind === "Binary") return !mayTrap(operationOf(expression), slotsOf(expression)[1]!.child);
  return HARMLESS.has(kind);
}

/** One that calls nothing, and whose code stands in the place of each call. */
function isSmall(module: Module, name: string, isFrame: (name: string) => boolean): boolean {
  const func = module.getFunction(name);
  const body = func === 0 || isFrame(name) ? 0 : bodyOf(func);
  if (body === 0) return name === MARKER;
  let size = 0;
  let isSafe = true;
  walk(body, (expression, kind) => {
    size++;
    if (kind === "Unreachable" || !isHarmless(expression, kind)) isSafe = false;
  });
  return isSafe && size <= ALWAYS_INLINED;
}

/** Takes the record away: the local says then whether control came by, and the values are in theirs. */
export function keepInLocals(module: Module, body: Expr, site: Site, made: (record: number) => Expr): void {
  const { record, offsets, values } = site;
  let isAfter = false;
  const visit = (slot: Slot): void => {
    const expression = slot.child;
    const kind = kindName(expression);
    const parts = slotsOf(expression);
    if (kind === "LocalSet" && localIndex(expression) === record) {
      parts[0]!.replace(module.i32(1));
      isAfter = true;
      return;
    }
    for (const part of parts) visit(part);
    if (!isAfter) return;
    if (kind === "Store" && kindName(parts[0]!.child) === "LocalGet" && localIndex(parts[0]!.child) === record) {
      const i = offsets.indexOf(offsetOf(expression));
      slot.replace(module.local_set(values[i]!, parts[1]!.child, false));
    } else if (kind === "Call" && callTarget(expression) === site.defer) {
      slot.replace(module.drop(parts[0]!.child));
    } else if (kind === "Call" && PANICS.has(callTarget(expression))) {
      slot.replace(module.block(null, [made(record), expression], typeOf(expression)));
    }
  };
  for (const slot of slotsOf(body)) visit(slot);
}
