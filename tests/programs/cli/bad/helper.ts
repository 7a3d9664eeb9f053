export function halve(n: i32): i32 {
  return n / two;
}
