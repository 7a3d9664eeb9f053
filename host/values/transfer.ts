/**
 * Objects that are moved rather than cloned.
 *
 * Moving cannot be undone, so it is done last: encoding notes what it has found, and `commit` moves it when all values of a
 * call have been encoded. If encoding fails, nothing has been moved.
 */
import process from "node:process";
import { types } from "node:util";
import { PAGE } from "../base/pages.js";
import { isDetached } from "./buffers.js";
import type { Carrier } from "./carrier.js";
import { describe } from "./failure.js";
import { isOne } from "./platform.js";

/** What can be moved, besides array buffers, where the runtime has it. */
const MOVABLE = ["MessagePort", "ReadableStream", "WritableStream", "TransformStream"];

export class Transfer {
  private readonly objects: ReadonlySet<object>;
  private readonly moves: { carrier: Carrier; number: number; object: object }[] = [];

  /** @throws a DataCloneError if the list holds what cannot be moved, or one object twice */
  constructor(list: readonly unknown[]) {
    const objects = new Set<object>();
    for (const object of list) {
      if (ArrayBuffer.isView(object)) {
        throw new DOMException("a view cannot be transferred: put its buffer into the list", "DataCloneError");
      }
      if (!isMovable(object)) throw new DOMException(`${describe(object)} cannot be transferred`, "DataCloneError");
      if (objects.has(object)) throw new DOMException("an object is in the transfer list twice", "DataCloneError");
      if (types.isArrayBuffer(object) && isDetached(object)) {
        throw new DOMException("an ArrayBuffer in the transfer list is already detached", "DataCloneError");
      }
      objects.add(object);
    }
    this.objects = objects;
  }

  has(object: object): boolean {
    return this.objects.has(object);
  }

  /** `object` will be sent under that number. */
  carried(carrier: Carrier, number: number, object: object): void {
    this.moves.push({ carrier, number, object });
  }

  /** Moves everything, or throws and has moved nothing. What was copied, or was in no value, is moved to nowhere. */
  commit(): void {
    if (this.objects.size > 1) checkAll([...this.objects]);
    const carried = new Map(this.moves.map((move) => [move.object, move]));
    for (const object of [...this.objects].sort((a, b) => Number(mayBeMemory(b)) - Number(mayBeMemory(a)))) {
      const move = carried.get(object);
      if (move === undefined) structuredClone(undefined, { transfer: [object as Transferable] });
      else move.carrier.post(move.number, object, [object]);
      if (mayBeMemory(object)) throw new DOMException("a WebAssembly memory cannot be transferred", "DataCloneError");
    }
  }
}

/** Whether it has the size of a WebAssembly memory: some engines say nothing and leave those where they are. */
function mayBeMemory(object: object): boolean {
  return types.isArrayBuffer(object) && object.byteLength > 0 && object.byteLength % PAGE === 0;
}

const CHECKED = new Error("this is thrown before anything is moved");

/** @throws what moving them would throw */
function checkAll(objects: readonly object[]): void {
  if (!("deno" in process.versions)) {
    const value = {
      get last(): never {
        throw CHECKED;
      },
    };
    try {
      structuredClone(value, { transfer: objects as Transferable[] });
    } catch (error) {
      if (error !== CHECKED) throw error;
    }
    return;
  }
  // There the list is moved one by one, before the value is looked at; but no buffer can move to one of that length.
  for (const object of objects as { transfer?: (length: number) => void }[]) {
    if (!types.isArrayBuffer(object)) continue;
    try {
      object.transfer?.(Number.MAX_SAFE_INTEGER);
    } catch (error) {
      if (!(error instanceof RangeError)) throw new DOMException((error as Error).message, "DataCloneError");
    }
  }
}

function isMovable(object: unknown): object is object {
  if (typeof object !== "object" || object === null) return false;
  if (types.isArrayBuffer(object) || MOVABLE.some((name) => isOne(object, name))) return true;
  return object.constructor?.name === "FileHandle"; // of node:fs/promises, which exports no class to ask
}
