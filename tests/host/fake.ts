/**
 * A program with a core of a hundred lines in place of the real one: one goroutine at a time, on one M, no stacks. It keeps
 * the contract of `docs/internals.md`, and can break it in any way that a test asks for.
 */
import binaryen from "binaryen";
import { ABI_VERSION, MS_BASE, SCHED_BASE } from "../../assembly/layout.js";
import { ARITIES } from "../../host/abi/core.js";
import { SysmonWish, WishShift } from "../../host/abi/enums.js";
import { M, Sched } from "../../host/abi/records.js";
import type { ExportInfo, ProgramInfo, ValueType } from "../../host/program/program.js";

/** The thunks of the fake program, by what they do. */
const THUNKS = [
  "main",
  "init",
  "add",
  "divide",
  "panic",
  "recurse",
  "exit",
  "spin",
  "fatal",
  "print",
  "never",
] as const;
type Thunk = (typeof THUNKS)[number];

function call(thunk: Thunk, params: ValueType[] = [], result: ValueType | null = null): ExportInfo {
  const offsets = params.map((_, i) => 8 + i * 8);
  const resultOffset = 8 + params.length * 8;
  return { thunk: THUNKS.indexOf(thunk), params, offsets, result, resultOffset, size: resultOffset + 8 };
}

const INFO: ProgramInfo = {
  abi: ABI_VERSION,
  main: { thunk: 0 },
  init: { thunk: 1 },
  heapBase: 6684672,
  exports: {
    add: call("add", ["i64", "i64"], "i64"),
    divide: call("divide", ["i32", "i32"], "i32"),
    panic: call("panic"),
    recurse: call("recurse"),
    exit: call("exit"),
    spin: call("spin"),
    fatal: call("fatal"),
    print: call("print"),
    never: call("never"),
    wide: call("never", ["u8", "bool", "f64", "u64"]),
  },
};

/** Bytes of text in static data, at their addresses. */
const TEXTS: readonly (readonly [address: number, text: string])[] = [
  [6557696, "boom"],
  [6557760, "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select]:\n"],
  [6557952, "hello\n"],
];

const NO_MEMORY = {} as ConstructorParameters<typeof M>[0];
/** The address of the main thread's mailbox. */
const MAIL = 4 * new M(NO_MEMORY, MS_BASE).mailIndex;

const sched = new Sched(NO_MEMORY, SCHED_BASE);
const [STATE, EXIT_CODE, NPROCS, MCOUNT] = [
  sched.stateIndex,
  sched.exitCodeIndex,
  sched.nprocsIndex,
  sched.mcountIndex,
].map((i) => 4 * i);

/** The module with the exports that a core has and nobody calls here. */
function complete(module: string): string {
  const missing = Object.entries(ARITIES).filter(([name]) => !module.includes(`"__skein_${name}"`));
  const functions = missing.map(
    ([name, arity]) => `(func (export "__skein_${name}") ${"(param i32)".repeat(arity)} (unreachable))`,
  );
  return module.replace(/\)\s*$/, `${functions.join("\n")})`);
}

// Cells of the fake core: the task submitted last and its kind, the futex that says so, the allocator, the notes.
const source = (main: Thunk): string => `(module
  (import "env" "memory" (memory 1 65536 shared))
  (import "skein" "write" (func $write (param i32 i32 i32)))
  (import "skein" "exit" (func $exit (param i32)))
  (import "skein" "panic" (func $panic (param i32 i32)))
  (import "skein" "fatal" (func $fatal (param i32 i32)))
  (import "skein" "nanotime" (func $nanotime (result f64)))
  (type $thunk (func (param i32)))
  (table ${THUNKS.length} funcref)
  (global $running (mut i32) (i32.const 0))
  (func (export "__skein_init") (param i32 i32 i32 i32 i32 i32)
    (i32.atomic.store (i32.const 9012) (local.get 3))
    (i32.atomic.store (i32.const ${NPROCS}) (local.get 0))
    (i32.atomic.store (i32.const ${MCOUNT}) (i32.const 1)))
  (func $alloc (export "__skein_malloc") (param i32) (result i32)
    (i32.atomic.rmw.add (i32.const 9012) (i32.and (i32.add (local.get 0) (i32.const 15)) (i32.const -16))))
  (func (export "__skein_mfree") (param i32))
  (func (export "__skein_noSolo"))
  (func (export "__skein_setGc") (param i32 f64 i32 i32))
  (func (export "__skein_opNew") (param i32 i32) (result i32) (call $alloc (i32.const 256)))
  (func (export "__skein_endNet"))
  (func (export "__skein_beM") (param i32))
  (func (export "__skein_nextM") (result i32) (i32.const 0))
  (func (export "__skein_numJsGoroutine") (result i32) (i32.const 0))
  (func $note (param $kind i32) (param $a i32) (param $b i32) (local $n i32)
    (local.set $n (call $alloc (i32.const 16)))
    (i32.store (local.get $n) (i32.atomic.load (i32.const ${MAIL})))
    (i32.store offset=4 (local.get $n) (local.get $kind))
    (i32.store offset=8 (local.get $n) (local.get $a))
    (i32.store offset=12 (local.get $n) (local.get $b))
    (i32.atomic.store (i32.const ${MAIL}) (local.get $n))
    (drop (i32.atomic.rmw.add (i32.const 1024) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 1024) (i32.const 1))))
  (func (export "__skein_drain") (result i32) (local $n i32) (local $r i32) (local $next i32)
    (local.set $n (i32.atomic.rmw.xchg (i32.const ${MAIL}) (i32.const 0)))
    (loop $more
      (if (local.get $n) (then
        (local.set $next (i32.load (local.get $n)))
        (i32.store (local.get $n) (local.get $r))
        (local.set $r (local.get $n))
        (local.set $n (local.get $next))
        (br $more))))
    (local.get $r))
  (func (export "__skein_submit") (param $task i32) (param $kind i32)
    (loop $busy (br_if $busy (i32.atomic.load (i32.const 9000))))
    (i32.atomic.store (i32.const 9000) (local.get $task))
    (call $wake))
  (func $wake
    (drop (i32.atomic.rmw.add (i32.const 9008) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 9008) (i32.const 100))))
  (func (export "__skein_close")
    (drop (i32.atomic.rmw.cmpxchg (i32.const ${STATE}) (i32.const 0) (i32.const 3)))
    (call $wake))
  (func (export "__skein_beginExit") (result i32)
    (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const ${STATE}) (i32.const 0) (i32.const 1))))
  (func (export "__skein_endExit") (param i32))
  (func (export "__skein_numGoroutine") (result i32) (i32.const 0))
  (func (export "__skein_currentGoid") (result i64) (i64.extend_i32_u (global.get $running)))
  (func (export "__skein_currentCreator") (result i64) (i64.const 0))
  (func (export "__skein_panicLater") (param i32) (result i32) (i32.const 0))
  (func (export "__skein_discard") (global.set $running (i32.const 0)))
  (func (export "__skein_panicNote") (param i32) (call $note (i32.const 3) (i32.load (i32.const 9020)) (local.get 0)))
  (func (export "__skein_sysmon") (result i32) (local $seen i32)
    (loop $again
      (local.set $seen (i32.atomic.load (i32.const 9008)))
      (if (i32.atomic.load (i32.const ${STATE})) (then (return (i32.const 0))))
      (if (i32.eqz (i32.atomic.rmw.xchg (i32.const 9024) (i32.const 1))) (then (return (i32.const ${SysmonWish.Start | (1 << WishShift.Number)}))))
      (drop (memory.atomic.wait32 (i32.const 9008) (local.get $seen) (i64.const 50000000)))
      (return (i32.const ${SysmonWish.Turn})))
    (unreachable))
  (func (export "__skein_mstart") (param i32) (result i32) (local $seen i32) (local $task i32)
    (loop $again
      (local.set $seen (i32.atomic.load (i32.const 9008)))
      (if (i32.atomic.load (i32.const ${STATE})) (then (return (i32.const 0))))
      (local.set $task (i32.atomic.rmw.xchg (i32.const 9000) (i32.const 0)))
      (if (local.get $task)
        (then
          (global.set $running (i32.add (i32.const 1) (i32.gt_u (i32.load (local.get $task)) (i32.const 1))))
          (i32.store (i32.const 9020)
            (select (local.get $task) (i32.const 0) (i32.gt_u (i32.load (local.get $task)) (i32.const 1))))
          (call_indirect (type $thunk) (local.get $task) (i32.load (local.get $task)))
          (global.set $running (i32.const 0)))
        (else
          (drop (memory.atomic.wait32 (i32.const 9008) (local.get $seen) (i64.const -1)))))
      (br $again))
    (unreachable))
  (elem (i32.const 0) ${THUNKS.map((name) => `$${name === "main" ? `main.${main}` : name}`).join(" ")})
  (func $done (param i32) (call $note (i32.const 2) (local.get 0) (i32.const 0)))
  (func $init (param i32) (call $note (i32.const 1) (i32.const 0) (i32.const 0)))
  (func $main.main (param i32)
    (call $init (i32.const 0))
    (call $note (i32.const 4) (i32.const 263) (i32.const 0)))
  (func $main.divide (param i32) (i32.store (local.get 0) (i32.div_s (i32.const 1) (i32.load (i32.const 0)))))
  (func $main.print (param i32) (call $print (local.get 0)) (call $main.main (local.get 0)))
  (func $main.exit (param i32) (call $exit (local.get 0)))
  (func $main.never (param i32) (call $init (i32.const 0)))
  (func $main.recurse (param i32) (call $recurse (local.get 0)))
  (func $main.fatal (param i32) (call $fatal (local.get 0)))
  (func $main.spin (param i32) (call $print (local.get 0)) (call $spin (local.get 0)))
  (func $main.panic (param i32) (call $panic (local.get 0)))
  (func $add (param $t i32)
    (i64.store offset=24 (local.get $t)
      (i64.add (i64.load offset=8 (local.get $t)) (i64.load offset=16 (local.get $t))))
    (call $done (local.get $t)))
  (func $divide (param $t i32)
    (i32.store offset=24 (local.get $t)
      (i32.div_s (i32.load offset=8 (local.get $t)) (i32.load offset=16 (local.get $t))))
    (call $done (local.get $t)))
  (func $panic_ (param i32) (call $panic (i32.const 6557696) (i32.const 4)))
  (func $recurse (param i32) (call $recurse (i32.add (local.get 0) (i32.const 1))) (i32.store (i32.const 9100) (local.get 0)))
  (func $exit_ (param i32)
    (i32.atomic.store (i32.const ${EXIT_CODE}) (i32.const 3))
    (i32.atomic.store (i32.const ${STATE}) (i32.const 2))
    (call $note (i32.const 6) (i32.const 3) (i32.const 0))
    (call $wake)
    (call $exit (i32.const 3)))
  (func $spin (param i32) (loop $l (br $l)))
  (func $fatal_ (param i32) (call $fatal (i32.const 6557760) (i32.const ${TEXTS[1]?.[1].length})))
  (func $print (param i32)
    (call $write (i32.const 1) (i32.const 6557952) (i32.const 6))
    (call $done (local.get 0)))
  (func $never (param i32))
)`;

/** How a fake program differs from a right one. */
export interface FakeOptions {
  /** What its main does. */
  main?: Thunk;
  /** Other contents of the section `skein`. */
  info?: Partial<ProgramInfo> | string;
  /** An export that is not there. */
  without?: string;
  /** An export that does nothing but trap. */
  traps?: string;
  /** No section `skein` at all. */
  foreign?: boolean;
}

/** The bytes of a fake program. */
export function fakeProgram(options: FakeOptions = {}): Uint8Array {
  // Thunks whose names an import has already are written with a trailing underscore.
  const core = source(options.main ?? "main").replace(`"__skein_${options.traps}"`, '"~replaced"');
  const text = complete(core)
    .replace(/(\(elem .*)/, (elem) => elem.replace(/\$(panic|exit|fatal)\b/g, "$$$1_"))
    .replace(/\$main\.(exit|fatal|panic) \(param i32\) \(call \$(\w+) /g, "$main.$1 (param i32) (call $$$2_ ");
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All);
  if (options.without !== undefined) module.removeExport(`__skein_${options.without}`);
  const data = Buffer.concat(
    TEXTS.flatMap(([address, value]) => {
      const head = Buffer.alloc(8);
      head.writeUInt32LE(address, 0);
      head.writeUInt32LE(value.length, 4);
      return [head, Buffer.from(value)];
    }),
  );
  const info = typeof options.info === "string" ? options.info : JSON.stringify({ ...INFO, ...options.info });
  if (!options.foreign) {
    module.addCustomSection("skein", Buffer.from(info));
    module.addCustomSection("skein.data", data);
  }
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}
