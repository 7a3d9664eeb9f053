/**
 * Random numbers for the scheduler's choices: where to begin stealing, which select case, never for anything secret.
 * wyrand (Wang Yi, github.com/wangyi-fudan/wyhash), one state per M, so no two threads share it.
 *
 * Any thread that is an M, on either stack.
 */
import { m } from "./registers";

/** 32 random bits. */
export function fastrand(): u32 {
  const state = m.rand + 0xa0761d6478bd642f;
  m.rand = state;
  // The 64 x 64 -> 128 bit product of wyrand, folded; built from halves, as wasm has no wide multiplication.
  const a = state;
  const b = state ^ 0xe7037ed1a0b428db;
  const ah = a >> 32;
  const al = a & 0xffffffff;
  const bh = b >> 32;
  const bl = b & 0xffffffff;
  const mid = ah * bl + ((al * bl) >> 32);
  const hi = ah * bh + (mid >> 32);
  return <u32>(hi ^ (a * b));
}

/** A number in [0, n), uniform to within 2^-32 (Lemire, "Fast Random Integer Generation in an Interval", 2019). */
@inline
export function fastrandn(n: u32): u32 {
  return <u32>((<u64>fastrand() * <u64>n) >> 32);
}
