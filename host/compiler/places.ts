/**
 * Keeps the places in the program from which the library is called, where the library's function is inlined.
 *
 * Binaryen puts the body of an inlined function in the place of the call and forgets the call's position; what is left are
 * positions in the library, and a stack would show the nearest earlier line of the program instead. So a marker, a call of
 * an import that has the position, is put before each call into Skein's library, after its operands. Being a call it stays
 * where it is through the first optimisation. Then it goes, and the calls that follow it get the position that it had, up to
 * the next place that the program has a position for, which they get from there on.
 *
 * The library's functions that are called this way touch shared memory nearly all, so the marker, which lasts only until
 * everything is inlined, keeps little from being optimised; the optimisation after Asyncify sees none of it.
 */
import api, { type Expr, type Module } from "./asc.js";
import type { Hooks } from "./hooks.js";
import { positionsOf, type Position } from "./positions.js";
import { bodyOf, callTarget, functionsOf, setBody, walkSlots, kindName, type Func } from "./safepoints-ir.js";

/** What the names of the library's functions begin with. */
const LIBRARY = "~lib/skein";

export const MARKER = "~place";

/** What a stack shows: where a call is under way, or where the code gave up. */
const SHOWN = new Set(["Call", "CallIndirect", "Unreachable"]);

export class Places {
  private count = 0;

  constructor(private readonly isProgram: (internalName: string) => boolean) {}

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacement, `this` is the compiler
    const places = this;
    hooks.replace(api.Compiler.prototype, "makeCallDirect", function (original, ...args) {
      const [instance, operands, reportNode] = args;
      const { module, currentFlow: flow } = this;
      const { thisType, parameterTypes } = instance.signature;
      const types = thisType ? [thisType, ...parameterTypes] : parameterTypes;
      const last = (operands?.length ?? 0) - 1;
      const type = types[last];
      if (
        !instance.internalName.startsWith(LIBRARY) ||
        !places.isProgram(flow.sourceFunction.internalName) ||
        operands === null ||
        type === undefined
      ) {
        return original(...args);
      }
      const marker = module.call(MARKER, [module.i32(places.count++)], api.TypeRef.None);
      this.addDebugLocation(marker, reportNode.range);
      const local = flow.getTempLocal(type);
      const ref = type.toRef();
      operands[last] = module.block(
        null,
        [module.local_set(local.index, operands[last]!, false), marker, module.local_get(local.index, ref)],
        ref,
      );
      return original(...args);
    });
  }

  /** Declares the marker, once all code is generated. */
  declare(module: Module): void {
    if (this.count > 0) module.addFunctionImport(MARKER, "skein", "place", api.TypeRef.I32, api.TypeRef.None);
  }

  /** Takes the markers out of an optimised module and leaves their positions; `files` are the program's, as positions name them. */
  apply(module: Module, files: ReadonlySet<number>): void {
    if (this.count === 0) return;
    for (const func of functionsOf(module).values()) applyIn(module, func, files);
    module.removeFunction(MARKER);
  }
}

function applyIn(module: Module, func: Func, files: ReadonlySet<number>): void {
  const positions = positionsOf(module, func);
  if (positions.size === 0) return;
  let place: Position | undefined;
  const pass = (expression: Expr, replace: (by: Expr) => void): void => {
    const kind = kindName(expression);
    const own = positions.get(expression);
    if (kind === "Call" && callTarget(expression) === MARKER) {
      place = own;
      replace(module.nop());
    } else if (own && files.has(own.file)) {
      place = own;
    } else if (place && SHOWN.has(kind)) {
      module.setDebugLocation(func, expression, place.file, place.line, place.column);
    }
  };
  walkSlots(func, (slot) => pass(slot.child, (by) => slot.replace(by)));
  pass(bodyOf(func), (by) => setBody(func, by));
}
