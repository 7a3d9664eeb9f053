/**
 * From the compiler's module to the final one: optimise, insert safepoints, Asyncify, optimise again.
 *
 * AssemblyScript generates code and optimises nothing, so that what may be inlined is decided here:
 *
 * - The functions that frames.ts names stay functions of their own.
 * - Equal functions are not merged, because a panic's stack would name one of them for the other.
 *
 * The optimisation before Asyncify makes functions few, small and flat in locals, since every call that may switch saves
 * all locals; the one after it removes what the instrumentation left over. Pass by pass it is Binaryen's own -O3, without
 * the passes for garbage-collected types and for data, of which a program has none here.
 */
import type { Module } from "./asc.js";
import { splitInstrumented } from "./twins.js";
import { CORE } from "./session.js";

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

/** What runs on the scheduler's own stack, below every goroutine's, and would otherwise look as if it might switch. */
const SCHEDULER = [
  "js/*",
  "sched/findrunnable/*",
  "sched/mp/*",
  "sched/hosted/*",
  "sched/newm/*",
  "sched/deadlock/*",
  "debug/dump/describe*",
  "debug/schedtrace/*",
  "sched/sysmon/*",
].map((name) => `${CORE}/${name}`);

/** Functions that Asyncify exports for a host that switches stacks; here the core does. */
const ASYNCIFY_EXPORTS = ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind", "get_state"];

/**
 * Runs all passes. `frames` are the functions that must not be inlined, `table` those in the function table;
 * `afterInlining` is called where safepoints are to be inserted.
 */
export function runPasses(
  module: Module,
  frames: Iterable<string>,
  table: ReadonlySet<string>,
  afterInlining: () => void,
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
  module.setAlwaysInlineMaxSize(12);
  module.setFlexibleInlineMaxSize(70);
  module.setOneCallerInlineMaxSize(200);
  module.setAllowInliningFunctionsWithLoops(true);

  // The pass takes a pattern; an asterisk, the only character with a meaning, is in no name.
  for (const name of frames) {
    module.setPassArgument("no-inline", name);
    module.runPasses(["no-inline"]);
  }

  module.runPasses(["remove-unused-module-elements", "simplify-globals", ...FUNCTION_PASSES]);
  module.runPasses(["dae-optimizing", "inlining-optimizing", "simplify-globals-optimizing", "directize"]);
  module.runPasses([
    "remove-unused-module-elements",
    "precompute-propagate",
    "coalesce-locals",
    "reorder-locals",
    "vacuum",
  ]);

  afterInlining();

  // Imported functions never switch; indirect calls may, but not those of the scheduler, which sorts.
  module.setPassArgument("asyncify-ignore-imports", "1");
  module.setPassArgument("asyncify-removelist", SCHEDULER.join(","));
  module.runPasses(["asyncify"]);
  for (const name of ASYNCIFY_EXPORTS) module.removeExport(`asyncify_${name}`);
  splitInstrumented(module, table);

  module.runPasses(["inlining", ...FUNCTION_PASSES]);
  module.runPasses(["simplify-globals", "reorder-globals", "remove-unused-module-elements"]);
}
