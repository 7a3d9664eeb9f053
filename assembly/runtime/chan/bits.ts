/**
 * Values as the 64 bits that a channel's slot keeps, whatever their type. On any thread and stack; inlined into programs, and into the
 * channels and selects of each type.
 */
/** The 64 bits that a slot keeps for a value. */
@inline
export function toBits<T>(v: T): u64 {
  if (isReference<T>()) return changetype<usize>(v);
  if (isFloat<T>()) {
    if (sizeof<T>() == 4) return <u64>reinterpret<u32>(<f32>v);
    return reinterpret<u64>(<f64>v);
  }
  return <u64>v;
}

/** The value of those bits; 0 is the zero value. */
@inline
export function fromBits<T>(bits: u64): T {
  if (isString<T>() && !isNullable<T>()) {
    return changetype<T>(bits == 0 ? changetype<usize>("") : <usize>bits);
  }
  if (isReference<T>()) return changetype<T>(<usize>bits);
  if (isFloat<T>()) {
    if (sizeof<T>() == 4) return <T>reinterpret<f32>(<u32>bits);
    return <T>reinterpret<f64>(bits);
  }
  return <T>bits;
}
