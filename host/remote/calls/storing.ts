/** Storing calls: by who makes them, by workers that try them again, and from the dead letters. */
import type { Connection } from "../connection/dial.js";
import type { Put, PutOptions, Store } from "../connection/store.js";
import type { AnyLane } from "../connection/subjects.js";
import { RESULT_HEADER, writeMessage, type CallHead } from "./envelope.js";

/**
 * Stores a call in a lane. One with a key, or whose turn it is in an order, that is stored there already is the same call; of others `number` is what
 * tells the server that it has stored this already.
 */
export function storeCall(
  { names }: Connection,
  store: Store,
  head: CallHead,
  body: Uint8Array,
  lane: AnyLane,
  number: string,
  options: Pick<PutOptions, "isOver"> = {},
): Promise<Put> {
  return store.put(names.streamOf(lane), names.call(head, lane), writeMessage(head, body), {
    ...options,
    ...(head.key === undefined && head.place === undefined ? { id: number } : { fresh: true }),
    headers: { [RESULT_HEADER]: head.id },
  });
}
