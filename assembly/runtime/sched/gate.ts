/**
 * Threads without a P inside the core, and the collector (`base/gate.ts`): who has asked for a collection in there has no P to look after it,
 * so on the way out it has somebody look who has one. Any thread, on its own stack, without locks.
 */
import { enterGate, leaveGate } from "../base/gate";
import { addressOf, Attention, sched } from "../../abi";
import { callAttention } from "./world";

/** This thread is about to make objects, or move references. True if `leaveCore` is to follow. */
export function enterCore(): bool {
  return enterGate();
}

export function leaveCore(): void {
  leaveGate();
  if ((atomic.load<i32>(addressOf(sched.attention)) & Attention.Gc) == 0) return;
  callAttention();
}
