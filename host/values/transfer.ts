/**
 * Objects that are moved rather than cloned.
 *
 * Moving cannot be undone, so it is done last: encoding notes what it has found, and `commit` moves it when all values of a
 * call have been encoded. If encoding fails, nothing has been moved.
 */
import { types } from "node:util";
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

  /** Moves everything. What was copied, or was in no value, is moved to nowhere. */
  commit(): void {
    const carried = new Set<object>();
    for (const { carrier, number, object } of this.moves) {
      carrier.post(number, object, [object]);
      carried.add(object);
    }
    for (const object of this.objects) {
      if (!carried.has(object)) structuredClone(undefined, { transfer: [object as Transferable] });
    }
  }
}

function isMovable(object: unknown): object is object {
  if (typeof object !== "object" || object === null) return false;
  if (types.isArrayBuffer(object) || MOVABLE.some((name) => isOne(object, name))) return true;
  return object.constructor?.name === "FileHandle"; // of node:fs/promises, which exports no class to ask
}
