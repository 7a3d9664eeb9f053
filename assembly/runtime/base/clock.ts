/** The monotonic clock. Any thread, on either stack. */
import { hostNanotime } from "./imports";

/** Nanoseconds since the program's epoch, the same on every thread; exact to 2^53 ns, a hundred days. */
@inline
export function nanotime(): i64 {
  return <i64>hostNanotime();
}
