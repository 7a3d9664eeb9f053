/**
 * From the compiler's module to the final one: optimise, insert safepoints, Asyncify, optimise again.
 *
 * AssemblyScript generates code and optimises nothing, so that what may be inlined is decided here:
 *
 * - The functions that frames.ts names stay functions of their own; small ones go into others all the same, in a way of their own (leaves.ts).
 * - Equal functions are not merged, because a panic's stack would name one of them for the other.
 *
 * The optimisation before Asyncify makes functions few, small and flat in locals, since every call that may switch saves
 * all locals; the one after it removes what the instrumentation left over. Pass by pass it is Binaryen's own -O3, without
 * the passes for garbage-collected types and for data, of which a program has none here.
 *
 * A quick build takes a third of the time: it inlines, and of the rest it does only what keeps Asyncify from saving locals that
 * nobody needs. Its programs do the same at some half of the speed.
 */
import type { Module } from "./asc.js";
import { ALWAYS_INLINED } from "./defersopen.js";
import { inlineLeaves } from "./leaves.js";
import { RESUMED, splitInstrumented } from "./twins.js";
import { CORE, INVOKE } from "./session.js";
import { bodyOf, callTarget, functionsOf, walk } from "./safepoints-ir.js";
import type { ValueCalls } from "./valuecalls.js";
import { callKnown } from "./valuesknown.js";

/** Binaryen's -O3 for one function after the other. */
const FUNCTION_PASSES = [
  "ssa-nomerge",
  "dce",
  "remove-unused-names",
  "remove-unused-brs",
  "remove-unused-names",
  "optimize-instructions",
  "pick-load-signs",
  "precompute-propagate",
  "optimize-added-constants-propagate",
  "code-pushing",
  "simplify-locals-nostructure",
  "vacuum",
  "reorder-locals",
  "remove-unused-brs",
  "coalesce-locals",
  "local-cse",
  "simplify-locals",
  "vacuum",
  "reorder-locals",
  "coalesce-locals",
  "reorder-locals",
  "vacuum",
  "merge-blocks",
  "remove-unused-brs",
  "remove-unused-names",
  "merge-blocks",
  "precompute-propagate",
  "optimize-instructions",
  "rse",
  "vacuum",
];

/** What a quick build has of it: fewer locals, and no code without effect. */
const QUICK_PASSES = ["simplify-locals-nostructure", "vacuum", "coalesce-locals", "reorder-locals", "vacuum"];

/** Functions of libc: what resumes them, which is only where they have waited, is not worth the time that a compile takes. */
const LIBC = "~libc/";

/** What runs on the scheduler's own stack, below every goroutine's, and would otherwise look as if it might switch. */
const SCHEDULER = ["js/*", "sched/*", "debug/*", "memory/*", "gc/*"].map((name) => `${CORE}/${name}`);

/** What the library does now and then only: who calls it is to have few locals. And what must stay in the core (`cstack.ts`). */
const RARE = [
  ...["map/Map", "set/Set"].flatMap((name) => [`~lib/${name}<*>#append`, `~lib/${name}<*>#rehash`]),
  `${CORE}/goroutine/cstack/cDie`,
];

/** With what a goroutine parks. */
const SWITCH = `${CORE}/base/imports/startUnwind`;

/** Functions that Asyncify exports for a host that switches stacks; here the core does. */
const ASYNCIFY_EXPORTS = ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind", "get_state"];

/** What the passes are to know of a program. */
export interface Build {
  /** The functions that must not be inlined. */
  readonly frames: Set<string>;
  readonly values: ValueCalls;
  /** Those in the function table. */
  readonly table: ReadonlySet<string>;
  readonly quick: boolean;
  /** Tells whether a function is the program's, and not in C. */
  readonly isProgram: (name: string) => boolean;
}

/** Runs all passes. `afterInlining` is called where safepoints are to be inserted, and tells which calls of function values may switch. */
export function runPasses(
  module: Module,
  { frames, values, table, quick, isProgram }: Build,
  afterInlining: () => (name: string) => boolean,
): void {
  module.clearPassArguments();
  module.setOptimizeLevel(3);
  module.setShrinkLevel(0);
  module.setDebugInfo(true);
  // Floating point as the source says it.
  module.setFastMath(false);
  // Nothing lives in the first KiB (see layout.ts), so constant offsets may move into loads and stores.
  module.setLowMemoryUnused(true);
  // What AssemblyScript itself uses at this level.
  module.setAlwaysInlineMaxSize(ALWAYS_INLINED);
  module.setFlexibleInlineMaxSize(70);
  module.setOneCallerInlineMaxSize(200);
  module.setAllowInliningFunctionsWithLoops(true);

  keepApart(module, [...frames, ...RARE]);

  // Before locals are shared.
  module.runPasses(["remove-unused-module-elements"]);
  const before = new Set(frames);
  callKnown(module, values, frames);
  keepApart(
    module,
    [...frames].filter((name) => !before.has(name)),
  );
  const functionPasses = quick ? QUICK_PASSES : FUNCTION_PASSES;
  module.runPasses(["remove-unused-module-elements", "simplify-globals", ...functionPasses]);
  if (quick) module.runPasses(["inlining"]);
  else module.runPasses(["dae-optimizing", "inlining-optimizing", "simplify-globals-optimizing", "directize"]);
  if (!quick && inlineLeaves(module, frames, isProgram)) module.runPasses(["simplify-locals", "vacuum"]);
  module.runPasses([
    "remove-unused-module-elements",
    quick ? "precompute" : "precompute-propagate",
    "coalesce-locals",
    "reorder-locals",
    "vacuum",
  ]);

  const switches = afterInlining();

  checkScheduler(module);
  // Of what is imported, only what calls back may switch, and of what stands for calls of function values some; indirect calls may, but not those of the scheduler, which sorts.
  module.setPassArgument("asyncify-ignore-imports", "1");
  module.setPassArgument("asyncify-imports", ["skein.attempt", ...values.imports(switches)].join(","));
  module.setPassArgument("asyncify-removelist", SCHEDULER.join(","));
  // At this level it optimises what it makes before and after; a quick build leaves that to the passes below, in a fifth of the time.
  if (quick) module.setOptimizeLevel(0);
  module.runPasses(["asyncify"]);
  module.setOptimizeLevel(3);
  for (const name of ASYNCIFY_EXPORTS) module.removeExport(`asyncify_${name}`);
  const instrumented = splitInstrumented(module, new Set([...table, INVOKE]));
  values.lower(module);

  // What it inlines into it optimises; the core has been optimised before, but for what is instrumented.
  if (!quick) module.runPasses(["inlining-optimizing"]);
  for (const [name, func] of functionsOf(module)) {
    const isResumed = name.endsWith(RESUMED);
    if (!isResumed && !instrumented.has(name) && name.startsWith(`${CORE}/`)) continue;
    module.runPasses(quick || (isResumed && name.startsWith(LIBC)) ? QUICK_PASSES : FUNCTION_PASSES, func);
  }
  module.runPasses(["simplify-globals", "reorder-globals", "remove-unused-module-elements"]);
}

/** The pass takes a pattern; an asterisk, the only character with a meaning, is in no name. */
function keepApart(module: Module, names: readonly string[]): void {
  for (const name of names) {
    module.setPassArgument("no-inline", name);
    module.runPasses(["no-inline"]);
  }
}

/**
 * Fails if a function of the scheduler's calls, whether itself or through others, what parks a goroutine: its own frame would be
 * lost. Calls through the function table are left out: what sorts, and ends goroutines, makes some that never park.
 */
function checkScheduler(module: Module): void {
  const callers = new Map<string, string[]>();
  for (const [name, func] of functionsOf(module)) {
    walk(bodyOf(func), (expression, kind) => {
      if (kind !== "Call") return;
      const target = callTarget(expression);
      const known = callers.get(target);
      if (known) known.push(name);
      else callers.set(target, [name]);
    });
  }
  // The functions that reach a switch, each with the one that it calls for that.
  const ways = new Map<string, string>();
  const reached = [SWITCH];
  for (let name = reached.pop(); name !== undefined; name = reached.pop()) {
    for (const caller of callers.get(name) ?? []) {
      if (ways.has(caller)) continue;
      ways.set(caller, name);
      if (isScheduler(caller))
        throw new Error(`${wayOf(caller, ways)}: a function that is never instrumented may park`);
      reached.push(caller);
    }
  }
}

/** A function, and what it calls, one after the other. */
function wayOf(name: string, ways: ReadonlyMap<string, string>): string {
  const next = ways.get(name);
  return name.replace(`${CORE}/`, "") + (next === undefined ? "" : ` -> ${wayOf(next, ways)}`);
}

function isScheduler(name: string): boolean {
  return SCHEDULER.some((pattern) => name.startsWith(pattern.slice(0, -1)));
}
