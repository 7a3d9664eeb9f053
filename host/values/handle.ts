/**
 * Handles: JavaScript objects that stand for something in the core, such as a channel. What travels is kind and address;
 * the other side makes a handle of its own.
 *
 * What a handle stands for counts its holders: every handle is one, and every slot that holds it on its way. So it is
 * retained when it is encoded and the count passes to the handle that decoding makes; dropping the slot releases it.
 */
import { types } from "node:util";
import type { Memory } from "../base/memory.js";

/** Marks handles, also those of another copy of this module: a thread's own code is bundled, what users import is not. */
const HANDLE = Symbol.for("skein.handle");

/** An object that stands for something in the core. */
export abstract class Handle {
  /** @internal */
  get [HANDLE](): true {
    return true;
  }
  /** @internal The memory that it lives in. */
  abstract readonly memory: Memory;
  /** @internal What it is: the number under which its kind is registered with the codec. */
  abstract readonly kind: number;
  /** @internal */
  abstract readonly address: number;
}

/** How handles of one kind are made and counted. */
export interface HandleKind {
  /** One more holder. */
  retain(address: number): void;
  /** One holder less. */
  release(address: number): void;
  /** A handle, or what else it stands for, which takes over one holder's count. */
  open(address: number): unknown;
}

export function isHandle(object: object): object is Handle {
  return !types.isProxy(object) && (object as { [HANDLE]?: unknown })[HANDLE] === true;
}
