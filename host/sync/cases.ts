/** The cases of a select, and what it gives. */
import { shown } from "../base/options.js";
import type { Chan } from "./chan.js";

/** The case of a select that receives. */
export interface RecvCase<T = unknown> {
  readonly kind: "recv";
  readonly chan: Chan<T> | null | undefined;
}

/** The case that sends. */
export interface SendCase<T = unknown> {
  readonly kind: "send";
  readonly chan: Chan<T> | null | undefined;
  readonly value: T;
}

/** A case of a select. */
export type SelectCase<T = unknown> =
  RecvCase<T> | SendCase<T> | { readonly kind: "after"; readonly ms: number } | { readonly kind: "otherwise" };

/** What a select of such cases can receive. */
export type ReceivedBy<C> = C extends { readonly kind: "recv"; readonly chan: Chan<infer T> | null | undefined }
  ? T
  : never;

/** What a select did: the case, and for a receive what was received. */
export interface Selected<T = unknown> {
  readonly index: number;
  readonly value: T | undefined;
  /** False if a receive found its channel closed and drained, or nothing could be done (`otherwise`). */
  readonly ok: boolean;
}

/** What one case of a select gives, at its index. */
type Outcome<C, I extends number> = C extends { readonly kind: "recv"; readonly chan: Chan<infer T> | null | undefined }
  ? | { readonly index: I; readonly value: T; readonly ok: true }
    | { readonly index: I; readonly value: undefined; readonly ok: false }
  : { readonly index: I; readonly value: undefined; readonly ok: boolean };

/** What a select of these cases gives: where they are listed in the call, the index tells the value's type. */
export type SelectedOf<C extends readonly SelectCase[]> = number extends C["length"]
  ? Selected<ReceivedBy<C[number]>>
  : { [I in keyof C]: I extends `${infer N extends number}` ? Outcome<C[I], N> : never }[number];

/** The case that receives from `chan`; never ready if there is none. */
export function recv<T>(chan: Chan<T> | null | undefined): RecvCase<T> {
  return { kind: "recv", chan };
}

/** The case that sends `value` to `chan`; never ready if there is none. */
export function send<T>(chan: Chan<T> | null | undefined, value: T): SendCase<T> {
  return { kind: "send", chan, value };
}

/** The case that is ready after so many milliseconds. */
export function after(ms: number): SelectCase & { readonly kind: "after" } {
  if (typeof ms !== "number") throw new TypeError(`after takes a number of milliseconds, not ${shown(ms)}`);
  return { kind: "after", ms };
}

/** The case that is chosen if no other is ready at once. */
export const otherwise: SelectCase & { readonly kind: "otherwise" } = Object.freeze({ kind: "otherwise" });
