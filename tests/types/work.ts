/** A module of tasks, as a user writes it. */
import { context, current, transfer, type Chan, type Context, type Mutex } from "skein";

export interface Image {
  data: Uint8Array;
  width: number;
}

export const resize = (image: Image, width: number): Image => ({ ...image, width });

export async function load(url: string, options?: { retries: number }): Promise<Image> {
  return { data: new Uint8Array(options?.retries ?? 0), width: url.length };
}

export function* lines(n: number): Generator<string, number> {
  yield "line";
  return n;
}

export async function* chunks(n: number): AsyncGenerator<Uint8Array, void> {
  yield new Uint8Array(n);
}

export const count = (...numbers: number[]): number => numbers.length;

export const add = (a: number, b = 1): number => a + b;

export async function primes(out: Chan<number>, mutex: Mutex, until: Context): Promise<number> {
  using _ = await mutex.lock();
  if (!until.cancelled && !context().signal.aborted) await out.send(2);
  return current().go((n: number) => n * 2, 1);
}

export function move(n: number): Uint8Array {
  const bytes = new Uint8Array(n);
  return transfer(bytes, [bytes.buffer]);
}

export const notAFunction = 5;

export default function (value: Date): string {
  return value.toISOString();
}
