/**
 * Objects that are moved rather than cloned.
 *
 * Moving cannot be undone, so it is done last: encoding notes what it has found, and `commit` moves it when all values of a
 * call have been encoded. If encoding fails, nothing has been moved.
 */
import { types } from "node:util";
import { detach, isDetached } from "./buffers.js";
import type { Carrier } from "./carrier.js";

export class Transfer {
  private readonly objects: ReadonlySet<object>;
  private readonly moves: { carrier: Carrier; number: number; object: object }[] = [];

  /** @throws a DataCloneError if the list holds what cannot be moved, or one object twice */
  constructor(list: readonly unknown[]) {
    const objects = new Set<object>();
    for (const object of list) {
      if (typeof object !== "object" || object === null || types.isSharedArrayBuffer(object)) {
        throw new DOMException(`${String(object)} cannot be transferred`, "DataCloneError");
      }
      if (objects.has(object)) throw new DOMException("an object is in the transfer list twice", "DataCloneError");
      if (types.isArrayBuffer(object) && isDetached(object)) {
        throw new DOMException("an ArrayBuffer in the transfer list is already detached", "DataCloneError");
      }
      if (ArrayBuffer.isView(object)) {
        throw new DOMException("a view cannot be transferred: put its buffer into the list", "DataCloneError");
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

  /** Moves everything. Array buffers that were copied, or were in no value, are detached. */
  commit(): void {
    const carried = new Set<object>();
    for (const { carrier, number, object } of this.moves) {
      carrier.post(number, object, [object]);
      carried.add(object);
    }
    for (const object of this.objects) if (types.isArrayBuffer(object) && !carried.has(object)) detach(object);
  }
}
