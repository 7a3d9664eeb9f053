/**
 * The real core on one thread, without running Ms: operations of JavaScript need none. What another thread would do is done by
 * a second `Sync` of the same thread, in the name of M1.
 */
import { HEAP_LOW, MAX_THREADS } from "../../assembly/layout.js";
import { reserveMemory } from "../../host/base/addressspace.js";
import { loadFile } from "../../host/runtime/load.js";
import { newClock } from "../../host/base/clock.js";
import { Control } from "../../host/base/control.js";
import type { Core } from "../../host/abi/core.js";
import { instantiate } from "../../host/program/instance.js";
import { netImports } from "../../host/sockets/coreimports.js";
import type { Memory } from "../../host/base/memory.js";
import { ALL_PAGES, PAGE } from "../../host/base/pages.js";
import type { Program } from "../../host/program/program.js";
import { SyncMembers } from "../../host/sync/index.js";
import { Sync } from "../../host/sync/sync.js";
import { Codec } from "../../host/values/index.js";
import { writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

let program: Promise<Program> | undefined;

async function load(): Promise<Program> {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "skein-rig-")), "empty.ts");
  writeFileSync(file, "export function main(): void {}\n");
  return (await loadFile(file)).program;
}

export class Rig extends SyncMembers {
  readonly memory: Memory;
  readonly core: Core;
  protected readonly sync: Sync;
  /** What another thread would have. */
  readonly other: Sync;
  /** Operations that wait. */
  held = 0;
  /** Whose record it is. */
  private readonly owners = new Map<number, { handler?: (address: number) => void }>();
  private closed = false;

  static async start(): Promise<Rig> {
    program ??= load();
    return new Rig(await program);
  }

  private constructor(program: Program) {
    super();
    const heapPage = Math.ceil(program.info.heapBase / PAGE);
    const memory = reserveMemory(heapPage, 2);
    const control = new Control(memory);
    const instance = instantiate(
      {
        module: program.module,
        memory,
        control: control.shared,
        clock: newClock(),
        panic: "isolate",
        env: undefined,
        symbols: { bytes: new SharedArrayBuffer(0), folder: undefined },
      },
      control,
      netImports,
      { isPrograms: false },
    );
    this.core = instance.core;
    this.memory = instance.memory;
    for (const [address, bytes] of program.data) this.memory.write(address, bytes);
    this.core.init(1, 1, MAX_THREADS - 2, program.info.heapBase, ALL_PAGES, HEAP_LOW);
    this.core.noSolo();
    this.sync = this.newSync(0);
    this.other = this.newSync(1);
    setImmediate(this.pump);
  }

  /** Lets the process end. */
  close(): void {
    this.closed = true;
  }

  /** The object that another thread gets when it is given `handle`. */
  there<T>(handle: T): T {
    const at = this.core.malloc(8) >>> 0;
    this.sync.host.codec.encode(handle, at);
    const result = this.other.host.codec.decode(at) as T;
    this.core.mfree(at);
    return result;
  }

  private newSync(mid: number): Sync {
    const { core, memory } = this;
    const mail: { handler?: (address: number) => void } = {};
    return new Sync(
      {
        core: {
          ...core,
          opNew: (mid, gen) => {
            const op = core.opNew(mid, gen) >>> 0;
            this.owners.set(op, mail);
            return op;
          },
        },
        memory,
        codec: new Codec(
          memory,
          (bytes) => core.malloc(bytes),
          (address) => core.mfree(address),
        ),
        mid,
        gen: 0,
        mailbox: {
          on: (_, handler) => (mail.handler = handler),
          onOrphan: () => undefined,
        },
        hold: () => this.held++,
        release: () => this.held--,
        now: () => performance.now(),
        blocks: () => undefined,
      },
      async (fn, args, pool) => {
        try {
          return await fn(...args);
        } finally {
          core.ticketBack(pool);
        }
      },
    );
  }

  private readonly pump = (): void => {
    this.drain();
    this.core.beM(1);
    this.drain();
    this.core.beM(0);
    if (!this.closed) setImmediate(this.pump);
  };

  private drain(): void {
    let note = this.core.drain() >>> 0;
    while (note !== 0) {
      const next = this.memory.note(note).next;
      this.owners.get(note)!.handler!(note);
      note = next;
    }
  }
}
