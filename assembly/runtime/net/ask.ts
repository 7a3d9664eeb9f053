/** Questions to the main thread. On a goroutine. */
import { HostAsk, NoteKind } from "../../abi";
import { malloc } from "../memory/malloc";
import { pushNote } from "../js/mailbox";
import { awaitHost } from "./polldesc";

export function newAsk(op: i32): HostAsk {
  const ask = changetype<HostAsk>(malloc(offsetof<HostAsk>()));
  memory.fill(changetype<usize>(ask), 0, offsetof<HostAsk>());
  ask.op = op;
  return ask;
}

/** Waits for the answer. */
export function askHost(ask: HostAsk): void {
  pushNote(NoteKind.Ask, changetype<usize>(ask), 0);
  awaitHost(changetype<usize>(ask));
}
