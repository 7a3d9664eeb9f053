/** Errors of the network: what `lastError` says about the goroutine's latest call that failed. On a goroutine. */
import { ERROR_TEXT_MAX } from "../../layout";
import { netStrerror } from "./imports";
import { PollError } from "./polldesc";
import { gosched } from "../goroutine/proc";
import { g } from "../base/registers";
import { sched } from "../../abi";

// Linux's numbers, which the host uses wherever it runs.
export namespace Errno {
  export const EINTR: i32 = 4;
  export const EAGAIN: i32 = 11;
  export const ENOMEM: i32 = 12;
  export const ENFILE: i32 = 23;
  export const EMFILE: i32 = 24;
  export const EPROTO: i32 = 71;
  export const EAFNOSUPPORT: i32 = 97;
  export const ECONNABORTED: i32 = 103;
  export const ENOBUFS: i32 = 105;
  export const ENOTCONN: i32 = 107;
  export const ECONNREFUSED: i32 = 111;
  export const EINPROGRESS: i32 = 115;
}

/** The text of an errno. */
export function strerror(errno: i32): string {
  const block = changetype<ArrayBuffer>(__new(ERROR_TEXT_MAX, idof<ArrayBuffer>()));
  const size = netStrerror(errno, changetype<usize>(block), ERROR_TEXT_MAX);
  return String.UTF16.decodeUnsafe(changetype<usize>(block), min(size, ERROR_TEXT_MAX));
}

/** The text of a PollError, in Go's words. */
export function pollErrorText(error: i32): string {
  return error == PollError.Timeout ? "i/o timeout" : "use of closed network connection";
}

/**
 * Notes why this goroutine's call failed. To a goroutine whose program is over, and whose descriptors were closed with it,
 * nothing is said any more: it is dropped here.
 */
export function fail(operation: string, address: string, reason: string): void {
  failWith(address.length == 0 ? operation + ": " + reason : operation + " " + address + ": " + reason);
}

/** The same with the whole text. */
export function failWith(text: string): void {
  if (g.epoch != sched.epoch) gosched();
  g.owes = true;
  g.netError = changetype<usize>(text);
}

/** What this goroutine's latest call that failed says, empty if none has. */
export function lastError(): string {
  const text = g.netError;
  return text == 0 ? "" : changetype<string>(text);
}
