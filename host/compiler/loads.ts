/**
 * Fields that a function reads again and again are read once: the length and the data of an array foremost, and the arrays in fields.
 *
 *     for (let i = 0; i < this.cells.length; i++) sum += this.cells[i];
 *
 * reads `cells`, its length and its data before the loop. A check of an index that has been made before is left out.
 *
 * Neither Binaryen nor V8 does that, since for them every store and every call may change every field. What is known here and not there:
 *
 * - A store to an element changes no field. Accessors of arrays write behind data pointers only; whoever writes fields by addresses of their
 *   own does so with `store`, which counts for all fields, as do calls that do so, and atomic operations: loads too, since what another
 *   goroutine did before the store that they read is seen after them.
 * - A store to a field changes fields at its own offset alone.
 * - To make objects, to collect and to be preempted change no field of the program's.
 *
 * Which access is which the marks tell (`marks.ts`).
 *
 * What another goroutine changes meanwhile is seen later, or not before the next operation that counts. To synchronise takes one: that is
 * Go's memory model, in which all else is a data race. In a race memory stays whole: an array's room only grows, and where its length is
 * read anew its data is read anew after it (`forgetData`), so the data in use has room for the length in use. It stays alive, since its address
 * is in the frame, which the collector looks through, if the goroutine is switched out.
 *
 * Before a loop a field may be read that the loop would not have read. Reading has no effect, but the local may not hold an object then. So
 * such a read is made only where it lies in memory.
 */
import api, { type Expr, type Module } from "./asc.js";
import { addCall, CHANGES_ALL, effectsOf, fieldKey, MEMORY, nothing, spread, type Effects } from "./effects.js";
import { isIndexPanic } from "./indexing.js";
import { invariantFields } from "./invariants.js";
import { DATA, isFieldLoad, keyOf, Known, localOf, objectOf, type Field } from "./known.js";
import { addLocals } from "./locals.js";
import { ELEMENT, FIELD } from "./marks.js";
import {
  bodySlot,
  alignOf,
  blockName,
  bodyOf,
  branchNames,
  bytesOf,
  callTarget,
  conditionOf,
  functionsOf,
  isAtomic,
  isSigned,
  kindName,
  localIndex,
  offsetOf,
  operationOf,
  setAlign,
  slotsOf,
  typeOf,
  walk,
  type Func,
  type Slot,
} from "./safepoints-ir.js";
import { CORE, PANICS } from "./session.js";

const { BinaryOp } = api;
const { I32 } = api.TypeRef;

/** Takes the marks off a module; before that, if `optimise`, makes use of them in all functions but those of the core and those in C. */
export function reduceLoads(module: Module, optimise: boolean, c: ReadonlySet<string>): void {
  const functions = functionsOf(module);
  const effects = new Map<string, Effects>();
  const marked: Expr[] = [];
  const loads = new Map<Func, number>();
  for (const [name, func] of functions) {
    const found = effectsOf(bodyOf(func));
    effects.set(name, found);
    marked.push(...found.marked);
    const reads = 2 * found.marked.filter((access) => isFieldLoad(access)).length + lookupsOf(func);
    if (reads > 0 && !name.startsWith(`${CORE}/`) && !c.has(name)) loads.set(func, reads);
  }
  if (optimise) {
    for (const name of functions.keys())
      if (MEMORY.some((prefix) => name.startsWith(prefix))) effects.set(name, nothing());
    spread(effects);
    const locals = addLocals(module, loads);
    for (const [func, first] of locals) new Reducer(module, func, effects, first, loads.get(func)!).run();
  }
  for (const access of marked) setAlign(access, bytesOf(access));
}

/** What finds the entry of a key, or its hash. */
const FIND = /^~lib\/(?:map\/Map|set\/Set)<.*>#find$/;
const HASH = /^~lib\/util\/hash\/HASH</;

function lookupsOf(func: Func): number {
  let count = 0;
  walk(bodyOf(func), (expression, kind) => {
    if (kind === "Call" && isLookup(callTarget(expression))) count++;
  });
  return count;
}

function isLookup(target: string): boolean {
  return FIND.test(target) || HASH.test(target);
}

/** Goes through a function once, in the order of evaluation. */
class Reducer {
  /** Null where control does not come by. */
  private known: Known | null = new Known();
  private readonly atLabels = new Map<string, Known>();
  /** The local for each field. */
  private readonly values = new Map<string, number>();

  constructor(
    private readonly module: Module,
    private readonly func: Func,
    private readonly effects: ReadonlyMap<string, Effects>,
    /** The first of the function's new locals, and how many there are. */
    private readonly first: number,
    private readonly count: number,
  ) {}

  run(): void {
    const { func } = this;
    this.visit(bodySlot(func));
  }

  private visit(slot: Slot): void {
    if (this.known === null) return;
    const { child } = slot;
    switch (kindName(child)) {
      case "LocalSet":
        this.assign(child);
        break;
      case "Load":
        this.visitAll(slotsOf(child));
        this.load(slot);
        break;
      case "Call":
        this.visitAll(slotsOf(child));
        this.lookUp(slot);
        this.change(child);
        break;
      case "Block":
        this.visitAll(slotsOf(child));
        this.join(blockName(child));
        break;
      case "Loop":
        this.loop(slot);
        break;
      case "If":
        this.branches(slot);
        break;
      case "Break":
      case "Switch":
        this.visitAll(slotsOf(child));
        this.jump(child);
        break;
      case "Return":
      case "Unreachable":
        this.visitAll(slotsOf(child));
        this.known = null;
        break;
      default:
        this.visitAll(slotsOf(child));
        this.change(child);
    }
  }

  private visitAll(slots: readonly Slot[]): void {
    for (const slot of slots) this.visit(slot);
  }

  /** What an expression itself changes, once its parts have been evaluated. */
  private change(expression: Expr): void {
    if (this.known === null) return;
    const kind = kindName(expression);
    if (kind === "Call") {
      const target = callTarget(expression);
      if (PANICS.has(target)) this.known = null;
      else {
        const changed = nothing();
        addCall(changed, target, this.effects);
        this.known.forgetFields(changed);
      }
    } else if (kind === "Store") {
      const align = alignOf(expression);
      const fields = new Set(align === FIELD ? [fieldKey(expression)] : []);
      this.known.forgetFields({ all: align < ELEMENT, fields });
    } else if (CHANGES_ALL.test(kind)) this.known.forgetFields({ all: true, fields: new Set() });
  }

  private assign(set: Expr): void {
    const value = slotsOf(set)[0]!;
    this.visit(value);
    if (this.known === null) return;
    const local = localIndex(set);
    const other = localOf(value.get());
    const root = other === null ? null : this.known.root(other);
    if (root === local) return;
    this.known.forgetLocal(local);
    if (root !== null) this.known.same.set(local, root);
  }

  private load(slot: Slot): void {
    const { known, module } = this;
    if (isAtomic(slot.child)) known?.forgetFields({ all: true, fields: new Set() });
    const field = known && this.fieldOf(slot.child, (local) => known.root(local));
    if (!known || !field) return;
    const found = known.fields.get(keyOf(field));
    if (found) {
      // The address may be set to a local on the way.
      const address = module.drop(slotsOf(slot.child)[0]!.child);
      slot.replace(module.block(null, [address, module.local_get(found.value, I32)], I32));
      return;
    }
    const value = this.valueOf(field);
    if (value === null) return;
    this.remember(field, value);
    slot.replace(module.local_tee(value, slot.child, false, I32));
  }

  /** A call that looks a key up: it is what it was the last time, if nothing has changed. */
  private lookUp(slot: Slot): void {
    const { known, module } = this;
    const target = callTarget(slot.child);
    if (!known || !isLookup(target)) return;
    const { all, fields } = this.effects.get(target)!;
    // The comparison may be the program's own.
    if (all || fields.size > 0) return;
    const given = slotsOf(slot.child).map(({ child }) => child);
    // Of the map and the key: the hash is the key's.
    const roots = given.slice(0, FIND.test(target) ? 2 : 1).map((operand) => localOf(operand));
    if (roots.includes(null)) return;
    const operands = roots.map((local) => known.root(local!));
    const key = `${target}(${operands.join()})`;
    const found = known.lookups.get(key);
    if (found) {
      const parts = given.map((operand) => module.drop(operand));
      slot.replace(module.block(null, [...parts, module.local_get(found.value, I32)], I32));
      return;
    }
    const value = this.valueOfKey(key);
    if (value === null) return;
    known.forgetLocal(value);
    known.lookups.set(key, { operands, value, isHash: HASH.test(target) });
    slot.replace(module.local_tee(value, slot.child, false, I32));
  }

  /** A field has been read into a local. */
  private remember(field: Field, value: number): void {
    this.known!.forgetLocal(value);
    this.known!.forgetData(field);
    this.known!.fields.set(keyOf(field), { ...field, value });
  }

  /** The field that an expression reads, of an object in a local. */
  private fieldOf(expression: Expr, root: (local: number) => number | null): Field | null {
    if (!isFieldLoad(expression)) return null;
    const { object, before } = objectOf(slotsOf(expression)[0]!.child);
    const local = localOf(object);
    const base = local === null ? null : root(local);
    if (base === null) return null;
    return { base, before, offset: offsetOf(expression), bytes: bytesOf(expression), isSigned: isSigned(expression) };
  }

  private valueOf(field: Field): number | null {
    return this.valueOfKey(keyOf(field));
  }

  private valueOfKey(key: string): number | null {
    const value = this.values.get(key) ?? (this.values.size < this.count ? this.first + this.values.size : null);
    if (value !== null) this.values.set(key, value);
    return value;
  }

  private meet(way: Known | null): void {
    if (this.known === null) this.known = way;
    else if (way !== null) this.known.meet(way);
  }

  private join(label: string | null): void {
    if (label === null) return;
    this.meet(this.atLabels.get(label) ?? null);
    this.atLabels.delete(label);
  }

  private jump(jump: Expr): void {
    if (this.known === null) return;
    for (const name of branchNames(jump)) {
      const way = this.atLabels.get(name);
      if (way) way.meet(this.known);
      else this.atLabels.set(name, this.known.copy());
    }
    if (kindName(jump) === "Switch" || conditionOf(jump) === 0) this.known = null;
  }

  private branches(slot: Slot): void {
    const [condition, ifTrue, ifFalse] = slotsOf(slot.child);
    this.visit(condition!);
    if (this.known === null) return;
    const pair = ifFalse === undefined && isIndexPanic(ifTrue!.child) ? checkOf(condition!.get()) : null;
    if (pair) {
      this.check(slot, condition!.get(), [this.known.root(pair[0]), this.known.root(pair[1])]);
      return;
    }
    const before = this.known.copy();
    this.visit(ifTrue!);
    const afterTrue = this.known;
    this.known = before;
    if (ifFalse) this.visit(ifFalse);
    this.meet(afterTrue);
  }

  /** A check of an index: it goes if it has been made. */
  private check(slot: Slot, condition: Expr, pair: readonly [number, number]): void {
    const key = pair.join("<");
    if (this.known!.checked.has(key)) slot.replace(this.module.drop(condition));
    else this.known!.checked.set(key, pair);
  }

  /** A loop: what does not change in it is read before. */
  private loop(slot: Slot): void {
    const loop = slot.child;
    const changed = effectsOf(loop);
    for (const name of changed.calls) addCall(changed, name, this.effects);
    const known = this.known!;
    const reads = this.readBefore(loop, changed);
    for (const local of changed.locals) known.forgetLocal(local);
    known.forgetFields(changed);
    known.lookups.clear();
    this.forgetUnsettled();
    this.visitAll(slotsOf(loop));
    if (reads.length > 0) slot.replace(this.module.block(null, [...reads, loop], typeOf(loop)));
  }

  /**
   * At the head of a loop. What is known there of fields holds throughout the loop, so that their locals are not set in it. Those of all others may be,
   * and data whose length may be read anew in the loop is one of these.
   */
  private forgetUnsettled(): void {
    const known = this.known!;
    for (let size = -1; size !== known.fields.size;) {
      size = known.fields.size;
      const settled = new Set([...known.fields.values()].map(({ value }) => value));
      for (const local of this.values.values()) if (!settled.has(local)) known.forgetLocal(local);
      for (const [key, { base, offset, before }] of known.fields) {
        if (before === 0 && offset === DATA && !known.hasLengths(base, this.values)) known.fields.delete(key);
      }
    }
  }

  /** Has the fields read that do not change in a loop. */
  private readBefore(loop: Expr, changed: Effects): Expr[] {
    if (changed.all) return [];
    const found = invariantFields(
      loop,
      changed,
      this.known!,
      (field) => this.valueOf(field),
      (e, root) => this.fieldOf(e, root),
    );
    const reads: Expr[] = [];
    for (const { field, value } of found) {
      if (this.known!.fields.has(keyOf(field))) continue;
      reads.push(this.readIfThere(field, value));
      this.remember(field, value);
    }
    return reads;
  }

  /** Reads a field if it lies in memory. Of an object it does. */
  private readIfThere({ base, before, offset, bytes, isSigned }: Field, value: number): Expr {
    const { module } = this;
    const address = (): Expr => module.binary(BinaryOp.SubI32, module.local_get(base, I32), module.i32(before));
    // If all 4 GiB are memory, it ends at 0.
    const end = module.binary(BinaryOp.ShlI32, module.memory_size(), module.i32(16));
    const last = module.binary(BinaryOp.SubI32, end, module.i32(offset + bytes));
    const read = module.load(bytes, isSigned, address(), I32, offset);
    return module.if(module.binary(BinaryOp.LeU32, address(), last), module.local_set(value, read, false));
  }
}

/** The index and the length of a check, if both are in locals: both are used later, so nothing overwrites one on the way to the other. */
function checkOf(condition: Expr): readonly [index: number, length: number] | null {
  if (kindName(condition) !== "Binary") return null;
  const left = localOf(slotsOf(condition)[0]!.child);
  const right = localOf(slotsOf(condition)[1]!.child);
  if (left === null || right === null) return null;
  const operation = operationOf(condition);
  if (operation === BinaryOp.GeU32) return [left, right];
  return operation === BinaryOp.LeU32 ? [right, left] : null;
}
