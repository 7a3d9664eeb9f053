/**
 * The records of goroutines, and requests about them between threads, as both sides write and read them. Each slot of these is owned by
 * the record, and is decoded or dropped once.
 */
import { ArgCount } from "../abi/enums.js";
import { JsGo, JsRequest } from "../abi/records.js";
import { Transfer, type Codec } from "../values/index.js";
import { carried } from "./carry.js";
import { MOVED, type Moved } from "./moved.js";
import type { Thread } from "./thread.js";

/** Writes the arguments of a goroutine, and what its starter's context has it bring along; throws, and has then written nothing. */
export function encodeArgs(
  { codec, memory }: Thread,
  at: number,
  args: readonly unknown[],
  list: readonly object[] | undefined,
): void {
  const transfer = list === undefined ? undefined : new Transfer(list);
  const spread = args.length > JsGo.ARGS;
  let done = 0;
  let hasExtra = false;
  try {
    if (spread) {
      codec.encode([...args], memory.jsgo(at).args(0), transfer);
      done = 1;
    } else {
      for (; done < args.length; done++) codec.encode(args[done], memory.jsgo(at).args(done), transfer);
    }
    const extra = carried();
    if (extra !== undefined) {
      codec.encode(extra, memory.jsgo(at).extra);
      hasExtra = true;
    }
    memory.jsgo(at).hasExtra = hasExtra ? 1 : 0;
    transfer?.commit();
  } catch (error) {
    for (let i = 0; i < done; i++) codec.drop(memory.jsgo(at).args(i));
    if (hasExtra) codec.drop(memory.jsgo(at).extra);
    throw error;
  }
  memory.jsgo(at).argc = spread ? ArgCount.Spread : args.length;
}

/** The arguments of a goroutine. */
export function decodeArgs({ codec, memory }: Thread, at: number): unknown[] {
  const { argc } = memory.jsgo(at);
  if (argc === ArgCount.Spread) return codec.decode(memory.jsgo(at).args(0)) as unknown[];
  const args: unknown[] = [];
  for (let i = 0; i < argc; i++) args.push(codec.decode(memory.jsgo(at).args(i)));
  return args;
}

/** Drops the arguments of a goroutine that will not run. */
export function dropArgs({ codec, memory }: Thread, at: number): void {
  const { argc } = memory.jsgo(at);
  for (let i = 0; i < (argc === ArgCount.Spread ? 1 : argc); i++) codec.drop(memory.jsgo(at).args(i));
  if (memory.jsgo(at).hasExtra !== 0) codec.drop(memory.jsgo(at).extra);
}

/**
 * Sends a request about the goroutine `id` to the thread that is the `gen`th of an M; `kind` is a NoteKind, which says what `arg` means.
 * Its value `encode` puts into the slot that it is given; what that throws is thrown, and nothing was sent.
 */
export function sendRequest(
  { core, memory }: Thread,
  { mid, gen }: { readonly mid: number; readonly gen: number },
  { kind, id, arg }: { readonly kind: number; readonly id: number; readonly arg: number },
  encode: (at: number) => void,
): void {
  const note = core.malloc(JsRequest.SIZE);
  try {
    encode(memory.request(note).value);
  } catch (error) {
    core.mfree(note);
    throw error;
  }
  const request = memory.request(note);
  request.kind = kind;
  request.id = id;
  request.arg = arg;
  core.postOwned(mid, gen, note);
}

/** Encodes a result, moving what is marked. */
export function encodeResult(codec: Codec, value: unknown, at: number): void {
  if (typeof value !== "object" || value === null || !(MOVED in value)) return codec.encode(value, at);
  const moved = value as Moved;
  const list = new Transfer(moved[MOVED]);
  codec.encode(moved.value, at, list);
  list.commit();
}
