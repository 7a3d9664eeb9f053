/**
 * The ways to call C from here: koffi and `node:ffi` on Node, `Deno.dlopen` on Deno. Each is made into the same table of
 * functions, whose pointers and sizes have the type that the way takes without a detour: numbers for koffi; bigints for
 * the others, whose compiled calls take 64-bit arguments as bigints only (measured: 90 ns a `write` to /dev/null from
 * Deno with bigints, 200 ns with numbers).
 *
 * Guarantees: a thread loads the library once; what forbids it is an Error with one line that says so; nothing here ever asks
 * the user for a permission.
 */
import { createRequire } from "node:module";
import process from "node:process";
import { O_CLOEXEC } from "./constants.js";
import { beginLoad, endLoad } from "./loading.js";

/** A 64-bit argument in the type that a binding takes. */
export type Word = number | bigint;

/** A C function: every argument is an int, a pointer or a size; every result is read as an int. */
type CFunction = (...args: readonly Word[]) => number;

/**
 * The C functions and the types of their parameters: i an int, p a pointer, z a size. A result of type ssize_t is read as
 * int: no buffer is 2 GB long.
 */
const signatures = {
  socket: "iii",
  bind: "ipi",
  listen: "ii",
  accept4: "ippi",
  connect: "ipi",
  getsockopt: "iiipp",
  setsockopt: "iiipi",
  getsockname: "ipp",
  getpeername: "ipp",
  read: "ipz",
  write: "ipz",
  recvfrom: "ipzipp",
  sendto: "ipzipi",
  shutdown: "ii",
  close: "i",
  epoll_create1: "i",
  epoll_ctl: "iiip",
  epoll_wait: "ipii",
  eventfd: "ii",
  fcntl: "iii",
  unlink: "p",
  pipe2: "pi",
  madvise: "pzi",
} as const;

export type FunctionName = keyof typeof signatures;

/** One way to call C. */
export interface Binding {
  readonly name: "koffi" | "node:ffi" | "Deno.dlopen";
  readonly functions: Readonly<Record<FunctionName, CFunction>>;
  /** The error of this thread's latest call that failed; to be asked at once. */
  errno(): number;
  /** The address of a buffer's first byte. */
  address(bytes: Uint8Array): bigint;
  /** Whether pointers and sizes are given as bigints, not numbers. */
  readonly wordsAreBigints: boolean;
  /**
   * Has the runtime's own event loop watch a descriptor, where the way can: `ready` is called when it is readable, again and
   * again while it stays so.
   */
  watch?(fd: number, ready: () => void): Watch;
}

/** A descriptor that the runtime's event loop watches. */
export interface Watch {
  /**
   * Ends the watch; resolves when no thread of the runtime looks at the descriptor any more. A worker must not be terminated
   * before: the runtime would report to a thread that is gone.
   */
  close(): Promise<void>;
  ref(): void;
  unref(): void;
}

/** The binding of this thread. */
let loaded: Binding | undefined;

/**
 * Loads the C library in the way that this runtime offers.
 *
 * @throws Error with the reason if it offers none or refuses
 */
export function loadBinding(): Binding {
  return (loaded ??= "deno" in process.versions ? denoBinding() : nodeBinding());
}

function nodeBinding(): Binding {
  const require = createRequire(import.meta.url);
  let reason: string;
  if (!beginLoad()) throw new Error("the process is about to exit");
  try {
    return koffiBinding(loadKoffi(require));
  } catch (error) {
    reason = firstLine(error);
  } finally {
    endLoad();
  }
  try {
    return nodeFFIBinding(require("node:ffi") as NodeFFI);
  } catch (error) {
    throw new Error(`koffi: ${reason}; node:ffi: ${firstLine(error)}`);
  }
}

/** Koffi's native part is all that is needed of it. Npm installs that for x64 and arm64; elsewhere there may be koffi itself. */
function loadKoffi(require: NodeJS.Require): Koffi {
  const native = `@koromix/koffi-${process.platform}-${process.arch}`;
  try {
    return require(native) as Koffi;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "MODULE_NOT_FOUND") throw error;
    return require("koffi") as Koffi;
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}

function table(define: (name: FunctionName, parameters: readonly string[]) => CFunction): Binding["functions"] {
  const entries = Object.entries(signatures).map(([name, types]) => [name, define(name as FunctionName, [...types])]);
  return Object.fromEntries(entries) as Binding["functions"];
}

// ---- koffi

interface Koffi {
  load(path: null): { func(name: string, result: string, parameters: readonly string[]): CFunction };
  address(bytes: Uint8Array): bigint;
  errno(): number;
  readonly node: { poll(fd: number, ready: () => void): { close(): void; ref(): void; unref(): void } };
}

function koffiBinding(koffi: Koffi): Binding {
  const types: Record<string, string> = { i: "int", p: "int64", z: "int64" };
  const libc = koffi.load(null);
  return {
    name: "koffi",
    functions: table((name, parameters) =>
      libc.func(
        name,
        "int",
        parameters.map((type) => types[type] ?? ""),
      ),
    ),
    errno: () => koffi.errno(),
    address: (bytes) => koffi.address(bytes),
    wordsAreBigints: false,
    watch(fd, ready) {
      // A worker may be terminated while it runs `ready`, and koffi aborts the process if that is in its own callback. What
      // setImmediate is given runs right after it.
      let isOpen = true;
      const run = (): void => {
        if (isOpen) ready();
      };
      const handle = koffi.node.poll(fd, () => void setImmediate(run));
      return {
        close() {
          isOpen = false;
          handle.close();
          return Promise.resolve();
        },
        ref: () => handle.ref(),
        unref: () => handle.unref(),
      };
    },
  };
}

// ---- node:ffi

interface NodeFFI {
  dlopen(
    path: null,
    definitions: Record<string, { arguments: readonly string[]; return: string }>,
  ): { functions: Record<string, (...args: readonly Word[]) => Word> };
  getRawPointer(bytes: Uint8Array): bigint;
  toArrayBuffer(pointer: bigint, length: number, copy: boolean): ArrayBuffer;
}

function nodeFFIBinding(ffi: NodeFFI): Binding {
  const types: Record<string, string> = { i: "i32", p: "u64", z: "u64" };
  const definitions: Record<string, { arguments: readonly string[]; return: string }> = {
    __errno_location: { arguments: [], return: "pointer" },
  };
  for (const [name, parameters] of Object.entries(signatures)) {
    definitions[name] = { arguments: [...parameters].map((type) => types[type] ?? ""), return: "i32" };
  }
  const { functions } = ffi.dlopen(null, definitions);
  // Every thread has its errno at an address of its own, and this module is loaded by every thread for itself.
  const errnoCell = new Int32Array(ffi.toArrayBuffer(functions["__errno_location"]?.() as bigint, 4, false));
  return {
    name: "node:ffi",
    functions: functions as unknown as Binding["functions"],
    errno: () => errnoCell[0] ?? 0,
    address: (bytes) => ffi.getRawPointer(bytes),
    wordsAreBigints: true,
  };
}

// ---- Deno

interface DenoFFI {
  readonly permissions: { querySync(descriptor: { name: "ffi" }): { readonly state: string } };
  dlopen(
    library: string,
    definitions: Record<string, { parameters: readonly string[]; result: string; nonblocking?: boolean }>,
  ): { symbols: Record<string, CFunction> };
  readonly internal: symbol;
  readonly UnsafePointer: { of(bytes: Uint8Array): unknown; value(pointer: unknown): bigint | number };
  readonly UnsafePointerView: new (pointer: unknown) => { getArrayBuffer(length: number): ArrayBuffer };
}

function denoBinding(): Binding {
  const deno = (globalThis as unknown as { Deno: DenoFFI }).Deno;
  if (deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    throw new Error("Deno runs without --allow-ffi");
  }
  const types: Record<string, string> = { i: "i32", p: "usize", z: "usize" };
  const definitions: Parameters<DenoFFI["dlopen"]>[1] = {
    __errno_location: { parameters: [], result: "pointer" },
  };
  for (const [name, parameters] of Object.entries(signatures)) {
    definitions[name] = { parameters: [...parameters].map((type) => types[type] ?? ""), result: "i32" };
  }
  definitions["malloc"] = { parameters: ["usize"], result: "pointer" };
  definitions["free"] = { parameters: ["pointer"], result: "void" };
  definitions["poll"] = { parameters: ["usize", "usize", "i32"], result: "i32", nonblocking: true };
  const { symbols } = deno.dlopen("libc.so.6", definitions);
  const functions = symbols as unknown as Binding["functions"];
  const calls = symbols as unknown as DenoCalls;
  const location = (symbols["__errno_location"] as unknown as () => unknown)();
  const errnoCell = new Int32Array(new deno.UnsafePointerView(location).getArrayBuffer(4));
  return {
    name: "Deno.dlopen",
    functions,
    errno: () => errnoCell[0] ?? 0,
    address: (bytes) => BigInt(deno.UnsafePointer.value(deno.UnsafePointer.of(bytes))),
    wordsAreBigints: true,
    watch: (fd, ready) => new DenoWatch(deno, functions, calls, fd, ready),
  };
}

/** What a watch needs beside the system calls. */
interface DenoCalls {
  malloc(size: bigint): unknown;
  free(pointer: unknown): void;
  poll(fds: bigint, count: bigint, timeout: number): Promise<number>;
}

const POLLIN = 1;
/** Two `struct pollfd`, then eight bytes to write to the eventfd. */
const WATCH_SIZE = 24;

/**
 * Deno has no way to put a descriptor into its event loop. `poll` runs on one of its blocking threads instead (8 µs there and
 * back), with a second descriptor in the set that ends the wait. What that thread writes to is the C library's memory: it
 * outlasts a worker that is terminated meanwhile.
 */
class DenoWatch implements Watch {
  private readonly deno: DenoFFI;
  private readonly functions: Binding["functions"];
  private readonly memory: unknown;
  private readonly at: bigint;
  private readonly stop: number;
  private readonly ended: Promise<void>;
  private isClosed = false;
  private isRef = true;
  private pending: Promise<number> | undefined;

  constructor(deno: DenoFFI, functions: Binding["functions"], calls: DenoCalls, fd: number, ready: () => void) {
    this.deno = deno;
    this.functions = functions;
    this.stop = functions.eventfd(0, O_CLOEXEC);
    if (this.stop < 0) throw new Error("no descriptor is free for an eventfd");
    this.memory = calls.malloc(BigInt(WATCH_SIZE));
    this.at = BigInt(deno.UnsafePointer.value(this.memory));
    const view = new DataView(new deno.UnsafePointerView(this.memory).getArrayBuffer(WATCH_SIZE));
    [fd, this.stop].forEach((watched, i) => {
      view.setInt32(8 * i, watched, true);
      view.setInt16(8 * i + 4, POLLIN, true);
    });
    view.setBigUint64(16, 1n, true);
    this.ended = this.run(calls, view, ready);
  }

  private async run(calls: DenoCalls, view: DataView, ready: () => void): Promise<void> {
    while (!this.isClosed) {
      this.pending = calls.poll(this.at, 2n, -1);
      if (!this.isRef) this.setRef(false);
      await this.pending;
      this.pending = undefined;
      if (!this.isClosed && view.getInt16(6, true) !== 0) {
        // What `ready` throws is no failure of the watch: it goes where the errors of events go.
        try {
          ready();
        } catch (error) {
          reportError(error);
        }
      }
    }
    this.functions.close(this.stop);
    calls.free(this.memory);
  }

  close(): Promise<void> {
    if (!this.isClosed) {
      this.isClosed = true;
      if (this.pending !== undefined) this.functions.write(this.stop, this.at + 16n, 8n);
    }
    return this.ended;
  }

  ref(): void {
    this.setRef(true);
  }

  unref(): void {
    this.setRef(false);
  }

  private setRef(isRef: boolean): void {
    this.isRef = isRef;
    if (this.pending === undefined) return;
    // Deno has no public function for it; without, the process only ends once the watch is closed.
    type Core = { refOpPromise(promise: unknown): void; unrefOpPromise(promise: unknown): void };
    const core = (this.deno as unknown as Record<symbol, { core?: Core } | undefined>)[this.deno.internal]?.core;
    if (isRef) core?.refOpPromise(this.pending);
    else core?.unrefOpPromise(this.pending);
  }
}
