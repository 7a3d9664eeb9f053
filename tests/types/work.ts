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

export async function drain<T>(ch: Chan<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of ch) all.push(value);
  return all;
}

export function move(n: number): Uint8Array {
  const bytes = new Uint8Array(n);
  return transfer(bytes, [bytes.buffer]);
}

export const identity = <T>(x: T): T => x;

export async function pair<A, B extends string>(a: A, b: B): Promise<[A, B]> {
  return [a, b];
}

export function* repeat<T>(x: T, n: number): Generator<T, number> {
  for (let i = 0; i < n; i++) yield x;
  return n;
}

export function overloaded(x: number): number;
export function overloaded(x: string): string;
export function overloaded(x: string | number): string | number {
  return x;
}

export class Point {
  constructor(
    readonly x: number,
    private readonly y: number,
  ) {}

  norm(): number {
    return Math.hypot(this.x, this.y);
  }
}

export interface Tree {
  readonly value?: number;
  readonly children: readonly Tree[];
}

export const point = (x: number): Point => new Point(x, x);
export const points = (): Map<string, Point[]> => new Map();
export const buffer = (): Buffer => Buffer.alloc(1);
export const nested = (): { readonly body?: Buffer; readonly at: Date; parse(): void; tree: Tree } => {
  return { at: new Date(), parse: () => undefined, tree: { children: [] } };
};
export const tree = (of: Tree): Tree => of;
export const anything = (x: unknown): unknown => x;
export const error = (): RangeError => new RangeError("no");
export const union = (x: boolean): "a" | undefined | Point => (x ? "a" : undefined);
export const withCallback = (x: number, done?: () => void): number => (done?.(), x);
export const needsCallback = (done: (x: number) => void): void => done(1);

export const notAFunction = 5;

export default function (value: Date): string {
  return value.toISOString();
}
