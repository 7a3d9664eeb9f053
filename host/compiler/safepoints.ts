/**
 * Safepoints: places where a goroutine that has run for long gives way to others, because sysmon asked its M to.
 *
 * Guarantees: no goroutine runs for ever without passing one. Every loop of the program and of the libraries has one for
 * each turn or for each so many turns (safepoints-loops.ts), and every cycle of calls has one, before a call or at the entry of a function.
 * None is in what must not be switched out:
 *
 * - the core, which holds locks, and of which much runs on the scheduler's stack;
 * - the functions of AssemblyScript's library whose scratch variables are per thread (globals.ts): switched out between
 *   a write and a read of these, a goroutine could find another's on another thread;
 * - those that compare texts, and their hashes, and those that look for a text or a number in a map or a set: as long as the keys of one bucket;
 * - whatever either of these calls: a library function that both they and the program use becomes two, one without.
 *
 * A loop keeps its safepoint, or its having none, when the function around it is inlined. So loops that are to have none
 * are marked by their label while code is generated, before anything is inlined. Safepoints are inserted after the first
 * optimisation, when calls are known and functions are what they will be, and before Asyncify, which has to see them.
 *
 * The cost is not the check, which loads a word and compares it, but Asyncify's instrumentation of all that surrounds a
 * call that may switch. All here serves to keep that out of the places that are hot.
 */
import api, { type Expr, type Module } from "./asc.js";
import type { Hooks } from "./hooks.js";
import type { SafepointOptions } from "./options.js";
import {
  bodyOf,
  callTarget,
  cloneFunction,
  functionsOf,
  globalName,
  kindName,
  renameLoop,
  setBody,
  setCallTarget,
  typeOf,
  walk,
  walkSlots,
  type Func,
} from "./safepoints-ir.js";
import { BULK_OPERATIONS, hasLoops, insertInLoops, isProtected, PROTECTED, reserveLocals } from "./safepoints-loops.js";
import type { ValueCalls } from "./valuecalls.js";
import { ATTEMPT_THUNK, CLOSURE, CORE, HOST_ATTEMPT, PANICS, type Session } from "./session.js";

/**
 * Where AssemblyScript's library writes a scratch variable and reads it later: whole files, or functions that are named.
 * tests/compiler/safepoints.test.ts looks through the library for any that are missing.
 */
const SCRATCH_USERS = [
  "~lib/date/",
  "~lib/math/",
  "~lib/util/math/",
  "~lib/util/number/",
  "~lib/util/string/strtod",
  "~lib/util/string/scientific",
  "~lib/util/string/fixmul",
  "~lib/util/string/scale",
];

/** Those that look through a text, which takes less than to copy it: as in Go, where they are in assembly. */
const OF_TEXTS = [
  "~lib/string/String.__eq",
  "~lib/string/sameWords",
  "~lib/util/string/compareImpl",
  "~lib/util/hash/",
];

/** What looks for a key whose comparison is no function of the program's. */
const FINDS = /^~lib\/(map\/Map|set\/Set)<(~lib\/string\/String|[iu](8|16|32|64|size)|f(32|64)|bool)[,>|].*#find$/;

/** How the names of the functions end that AssemblyScript generates for the collector. */
const VISITOR = "~visit";

/**
 * The core's two functions that a safepoint consists of, and the exports that keep them until there are safepoints. The body of the first is put
 * where it would be called: inlining it later, at hundreds of places in what Asyncify has made large, takes half a second.
 */
const WANTED = `${CORE}/goroutine/proc/preemptWanted`;
const PREEMPTED = `${CORE}/goroutine/proc/preempted`;
/** The same in C, whose registers are to be kept. */
export const C_PREEMPTED = `${CORE}/goroutine/cstack/cPreempted`;
const HOLDS = [WANTED, PREEMPTED].map((name) => ({ name, as: `~hold:${name}` }));

/** The export that keeps the safepoint of C (`c/merge.ts`). */
export const C_HOLD = "~hold:c";

/** What Asyncify provides, as the core declares it: whoever calls the first may switch, whoever calls the others never. */
const START_UNWIND = `${CORE}/base/imports/startUnwind`;
const BOTTOM_CALLS = new Set([`${CORE}/base/imports/stopUnwind`, `${CORE}/base/imports/startRewind`]);

/** Tells whether a function, by its internal name, must not be switched out. */
export function isUninterruptible(name: string): boolean {
  return (
    name.startsWith(`${CORE}/`) ||
    name.startsWith("~lib/rt/") ||
    name.endsWith(VISITOR) ||
    FINDS.test(name) ||
    [...SCRATCH_USERS, ...OF_TEXTS].some((user) => name.startsWith(user))
  );
}

export class Safepoints {
  constructor(
    private readonly session: Session,
    private readonly options: SafepointOptions,
  ) {}

  install(hooks: Hooks): void {
    const { session } = this;

    hooks.replace(api.Module.prototype, "loop", function (original, label, body) {
      const loop = original(label, body);
      if (isUninterruptible(session.compiler.currentFlow.sourceFunction.internalName)) {
        renameLoop(loop, PROTECTED + label);
      }
      return loop;
    });

    hooks.replace(api.Compiler.prototype, "compileModuleExports", function (original, file) {
      original(file);
      for (const { name, as } of HOLDS) {
        session.ensureCore(name.slice(CORE.length + 1));
        this.module.addFunctionExport(name, as);
      }
    });
  }

  /**
   * Inserts the safepoints into an optimised module, with the functions of `table` in its function table, and those of `c` in C. Tells
   * afterwards which functions may switch, and calls of function values.
   */
  insert(
    module: Module,
    table: ReadonlySet<string>,
    c: ReadonlySet<string>,
    values: ValueCalls,
  ): (name: string) => boolean {
    const wanted = this.options.always ? module.i32(1) : wantedAsExpression(module);
    for (const { as } of HOLDS) module.removeExport(as);
    if (c.size > 0) module.removeExport(C_HOLD);
    for (const name of c.size > 0 ? [PREEMPTED, C_PREEMPTED] : [PREEMPTED]) {
      module.setPassArgument("no-inline", name);
      module.runPasses(["no-inline"]);
    }
    const functions = analyse(module, values);
    claim(functions, table);
    findRecursion(functions, table);
    separate(module, functions);
    findSwitching(functions);

    const changed = [...functions.values()].filter((f) => f.hasLoops || f.atEntry || f.leadsBack.size > 0);
    const context = {
      module,
      turns: this.options.stripMine,
      switches: (name: string) => functions.get(name)?.switches ?? false,
      parks: (name: string) => functions.get(name)?.parks ?? false,
      isLong: (name: string) => !PANICS.has(name) && (functions.get(name)?.isLong ?? false),
    };
    const locals = reserveLocals(
      module,
      changed.filter((f) => f.hasLoops || f.registers.length > 0).map((f) => f.func),
    );
    for (const f of changed) {
      const check = (): Expr => {
        const gives = module.call(c.has(f.name) ? C_PREEMPTED : PREEMPTED, [], api.TypeRef.None);
        return module.if(module.copyExpression(wanted), gives);
      };
      if (f.hasLoops) insertInLoops({ ...context, check }, f.func, locals.get(f.func)!);
      if (f.leadsBack.size > 0) insertBeforeCalls(module, f, check);
      if (f.atEntry) {
        const { turns, resume } = locals.get(f.func) ?? { turns: 0, resume: 0 };
        const first = keepRegisters(module, check(), f.registers, [turns, resume]);
        setBody(f.func, module.block(null, [...first, bodyOf(f.func)], api.getFunctionResults(f.func)));
      }
    }
    return context.switches;
  }
}

/** What a safepoint asks: the body of the function if that is an expression by itself, as it is in all but quick builds, or a call. */
function wantedAsExpression(module: Module): Expr {
  const body = bodyOf(functionsOf(module).get(WANTED)!);
  let isAlone = true;
  walk(body, (_, kind) => {
    if (kind === "Return" || kind.startsWith("Local") || kind === "Break") isAlone = false;
  });
  return isAlone ? body : module.call(WANTED, [], api.TypeRef.I32);
}

/** Before the operands of a call, so that none of them is held meanwhile. */
function insertBeforeCalls(module: Module, { func, leadsBack }: Analysed, check: () => Expr): void {
  walkSlots(func, (slot) => {
    const call = slot.child;
    if (kindName(call) !== "Call" || !leadsBack.has(callTarget(call))) return;
    slot.replace(module.block(null, [check(), call], typeOf(call)));
  });
}

/** What a function is told as it is called, in registers of the thread: the next call may overwrite them. */
const REGISTERS = ["~argumentsLength", CLOSURE];

/** A check before these are read: other goroutines may run there. The locals are 0 afterwards, as before. */
function keepRegisters(module: Module, check: Expr, registers: readonly string[], locals: readonly number[]): Expr[] {
  const { I32 } = api.TypeRef;
  const save = registers.map((name, i) => module.local_set(locals[i]!, module.global_get(name, I32), false));
  const restore = registers.flatMap((name, i) => [
    module.global_set(name, module.local_get(locals[i]!, I32)),
    module.local_set(locals[i]!, module.i32(0), false),
  ]);
  return [...save, check, ...restore];
}

/** A function of the module, or what stands for calls of function values, and what placing safepoints needs to know of it. */
interface Analysed {
  readonly name: string;
  /** 0 for such calls: their callees are what may be called. */
  readonly func: Func;
  /** Its direct calls, and the functions that they call. */
  readonly calls: readonly Expr[];
  callees: ReadonlySet<string>;
  readonly callsIndirectly: boolean;
  isUninterruptible: boolean;
  /** It has loops that are to have safepoints. */
  hasLoops: boolean;
  /** A call may take long without switching: there is a loop without safepoints, or something that moves much memory. */
  isLong: boolean;
  /** There is to be a safepoint at its entry. */
  atEntry: boolean;
  /** The functions before whose calls there is to be one. */
  readonly leadsBack: Set<string>;
  /** The registers that it reads. */
  readonly registers: readonly string[];
  /** Asyncify will find that a call may switch. */
  switches: boolean;
  /** A call may switch elsewhere than at a safepoint. */
  parks: boolean;
}

type Functions = Map<string, Analysed>;

function analyse(module: Module, values: ValueCalls): Functions {
  const functions: Functions = new Map();
  for (const [name, func] of functionsOf(module)) functions.set(name, analyseOne(name, func, isUninterruptible(name)));
  for (const name of values.names) functions.set(name, ofValues(name, new Set(values.candidates(module, name))));
  return functions;
}

function ofValues(name: string, callees: ReadonlySet<string>): Analysed {
  return {
    name,
    func: 0,
    calls: [],
    callees,
    callsIndirectly: false,
    isUninterruptible: false,
    hasLoops: false,
    isLong: false,
    atEntry: false,
    leadsBack: new Set(),
    registers: [],
    switches: false,
    parks: false,
  };
}

function analyseOne(name: string, func: Func, isUninterruptible: boolean): Analysed {
  const calls: Expr[] = [];
  const callees = new Set<string>();
  const registers = new Set<string>();
  let callsIndirectly = false;
  let isLong = false;
  walk(bodyOf(func), (expression, kind) => {
    if (kind === "Call") {
      calls.push(expression);
      callees.add(callTarget(expression));
      callsIndirectly ||= callTarget(expression) === HOST_ATTEMPT;
    } else if (kind === "CallIndirect") callsIndirectly = true;
    else if (kind === "GlobalGet") registers.add(globalName(expression));
    else if (kind === "Loop") isLong ||= isUninterruptible || isProtected(expression);
    else if (BULK_OPERATIONS.has(kind)) isLong = true;
  });
  return {
    name,
    func,
    calls,
    callees,
    callsIndirectly,
    isUninterruptible,
    hasLoops: !isUninterruptible && hasLoops(func),
    isLong,
    atEntry: false,
    leadsBack: new Set(),
    registers: REGISTERS.filter((register) => registers.has(register)),
    switches: false,
    parks: false,
  };
}

/** Finds the library functions that only uninterruptible functions call: they are uninterruptible too. */
function claim(functions: Functions, table: ReadonlySet<string>): void {
  const inUse = new Set<Analysed>();
  const work = [...functions.values()].filter(
    (f) => !f.isUninterruptible && (table.has(f.name) || !f.name.startsWith("~lib/")),
  );
  for (let f = work.pop(); f; f = work.pop()) {
    if (inUse.has(f)) continue;
    inUse.add(f);
    for (const name of f.callees) {
      const callee = functions.get(name);
      if (callee && !callee.isUninterruptible) work.push(callee);
    }
  }
  for (const f of functions.values()) {
    if (inUse.has(f)) continue;
    f.isUninterruptible = true;
    f.isLong ||= f.hasLoops;
    f.hasLoops = false;
  }
}

/**
 * Finds where safepoints leave no cycle of calls without one: before the calls that lead back in a depth-first search, for every cycle has such a
 * call, and who is not in a cycle does not come by there; and at the entry of those functions in the table from which a call through the
 * table can be reached, for it may be one of them.
 */
function findRecursion(functions: Functions, table: ReadonlySet<string>): void {
  const active = new Map<Analysed, boolean>();
  const visit = (f: Analysed): void => {
    active.set(f, true);
    for (const name of f.callees) {
      const callee = functions.get(name);
      if (!callee) continue;
      const isActive = active.get(callee);
      if (isActive === undefined) visit(callee);
      else if (isActive) markCycle(f, callee);
    }
    active.set(f, false);
  };
  const markCycle = (from: Analysed, to: Analysed): void => {
    // What is told in registers is told right before the call. A cycle of uninterruptible functions has an end of its own.
    if (from.func !== 0 && !from.isUninterruptible && to.registers.length === 0) from.leadsBack.add(to.name);
    else if (to.func === 0) to.callees.forEach((name) => markAtEntry(functions.get(name)));
    else if (!to.isUninterruptible) to.atEntry = true;
    else if (from.func !== 0) markAtEntry(from);
    else for (const f of functions.values()) if (f.callees.has(from.name)) markAtEntry(f);
  };
  const markAtEntry = (f: Analysed | undefined): void => {
    if (f && !f.isUninterruptible) f.atEntry = true;
  };
  for (const f of functions.values()) if (!active.has(f)) visit(f);
  const indirect = new Set<Analysed>();
  spread(
    functions,
    (f) => f.callsIndirectly,
    (f) => !indirect.has(f) && indirect.add(f) !== undefined,
  );
  for (const f of indirect) if (table.has(f.name) && !f.isUninterruptible && !isThunk(f.name)) f.atEntry = true;
}

/** Thunks of tasks and of the program's entries: at the bottom of a stack, unlike those of attempts. */
function isThunk(name: string): boolean {
  return name.startsWith("~") && !name.startsWith("~lib/") && !name.startsWith(ATTEMPT_THUNK);
}

/** Marks functions, and from these all that call them, directly or not, as far as `mark` says that it marked one. */
function spread(functions: Functions, from: (f: Analysed) => boolean, mark: (f: Analysed) => boolean): void {
  const callers = new Map<string, Analysed[]>();
  for (const f of functions.values()) {
    for (const callee of f.callees) {
      const known = callers.get(callee);
      if (known) known.push(f);
      else callers.set(callee, [f]);
    }
  }
  const work = [...functions.values()].filter((f) => from(f) && mark(f));
  for (let f = work.pop(); f; f = work.pop()) work.push(...(callers.get(f.name) ?? []).filter(mark));
}

/** Finds the functions that may switch once the safepoints are in, and those whose calls may be long. */
function findSwitching(functions: Functions): void {
  const isBottom = (f: Analysed): boolean => [...f.callees].some((callee) => BOTTOM_CALLS.has(callee));
  spread(
    functions,
    (f) => f.callsIndirectly || f.callees.has(START_UNWIND),
    (f) => !f.parks && !isBottom(f) && (f.parks = true),
  );
  spread(
    functions,
    (f) => f.hasLoops || f.atEntry || f.leadsBack.size > 0 || f.parks,
    (f) => !f.switches && !isBottom(f) && (f.switches = true),
  );
  const long = new Set<Analysed>();
  spread(
    functions,
    (f) => f.isLong,
    (f) => {
      if (long.has(f) || PANICS.has(f.name)) return false;
      long.add(f);
      return (f.isLong = true);
    },
  );
}

/** Gives uninterruptible functions their own copies of the functions with safepoints that they call. */
function separate(module: Module, functions: Functions): void {
  const contains = new Set<Analysed>();
  spread(
    functions,
    (f) => f.hasLoops || f.atEntry || f.leadsBack.size > 0,
    (f) => !f.isUninterruptible && !contains.has(f) && contains.add(f) !== undefined,
  );
  const work = [...functions.values()].filter((f) => f.isUninterruptible);
  for (let f = work.pop(); f; f = work.pop()) {
    for (const call of f.calls) {
      const callee = functions.get(callTarget(call));
      // What is called through the table is one function for all.
      if (!callee || callee.func === 0 || !contains.has(callee)) continue;
      const name = callee.name + COPY_SUFFIX;
      if (!functions.has(name)) {
        const copy = analyseOne(name, cloneFunction(module, callee.func, name), true);
        functions.set(name, copy);
        work.push(copy);
      }
      setCallTarget(call, name);
    }
    f.callees = new Set(f.calls.map(callTarget));
  }
}

/** Ends the names of copies; what a stack shows of a name ends there. */
const COPY_SUFFIX = "~";
