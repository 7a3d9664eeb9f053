/**
 * The floating-point number nearest to a decimal one, of two that are as near the even one: exactly, by whole numbers of as many bits as it takes.
 * (AssemblyScript's `parseFloat` is off where the exponent is large.) For `strconv`. On a goroutine.
 */

/** What decides between two neighbours has at most 767 digits; more only say that it is not exactly between. */
const MOST_DIGITS: i32 = 800;
const POWERS: StaticArray<f64> = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
];

/** A whole number, its lowest 32 bits first. */
class Whole {
  private limbs: u32[] = [];

  timesPlus(factor: u32, added: u32): void {
    let carry: u64 = added;
    for (let i = 0; i < this.limbs.length; i++) {
      carry += <u64>this.limbs[i] * factor;
      this.limbs[i] = <u32>carry;
      carry >>= 32;
    }
    if (carry != 0) this.limbs.push(<u32>carry);
  }

  get bits(): i32 {
    const n = this.limbs.length;
    return n == 0 ? 0 : 32 * n - <i32>clz(this.limbs[n - 1]);
  }

  shiftLeft(n: i32): void {
    for (let i = n >> 5; i > 0; i--) this.limbs.unshift(0);
    this.timesPlus(1 << (n & 31), 0);
  }

  isLess(other: Whole): bool {
    if (this.bits != other.bits) return this.bits < other.bits;
    for (let i = this.limbs.length - 1; i >= 0; i--) {
      if (this.limbs[i] != other.limbs[i]) return this.limbs[i] < other.limbs[i];
    }
    return false;
  }

  subtract(other: Whole): void {
    let borrow: i64 = 0;
    for (let i = 0; i < this.limbs.length; i++) {
      borrow += <i64>this.limbs[i] - (i < other.limbs.length ? <i64>other.limbs[i] : 0);
      this.limbs[i] = <u32>borrow;
      borrow >>= 32;
    }
    while (this.limbs.length > 0 && this.limbs[this.limbs.length - 1] == 0) this.limbs.pop();
  }
}

/** Of a text that is such a number, without a sign. */
export function floatOf(text: string, isSingle: bool): f64 {
  const a = new Whole();
  let digits = 0;
  let small: u64 = 0;
  let exponent = 0;
  let isFraction = false;
  let isMore = false;
  let at = 0;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit == 0x2e) {
      isFraction = true;
      continue;
    }
    const digit = <u32>unit - 0x30;
    if (digit > 9) break;
    if (isFraction) exponent--;
    if (digits == 0 && digit == 0) continue;
    if (digits < MOST_DIGITS) {
      a.timesPlus(10, digit);
      if (digits < 18) small = 10 * small + digit;
      digits++;
    } else {
      if (digit != 0) isMore = true;
      exponent++;
    }
  }
  if (isMore) {
    a.timesPlus(10, 1);
    exponent--;
  }
  if (digits == 0) return 0;
  if (at < text.length) {
    let given = 0;
    const isNegative = text.charCodeAt(at + 1) == 0x2d;
    for (at++; at < text.length; at++) {
      const digit = <u32>text.charCodeAt(at) - 0x30;
      if (digit <= 9) given = min(10 * given + <i32>digit, 100000);
    }
    exponent += isNegative ? -given : given;
  }
  if (digits + exponent > 400) return Infinity;
  if (digits + exponent < -400) return 0;
  if (!isSingle && digits <= 15 && abs(exponent) <= 22) {
    return exponent < 0 ? <f64>small / POWERS[-exponent] : <f64>small * POWERS[exponent];
  }
  const b = new Whole();
  b.timesPlus(1, 1);
  for (let i = abs(exponent); i > 0; i--) (exponent < 0 ? b : a).timesPlus(5, 0);
  return divided(a, b, exponent, isSingle ? 24 : 53, isSingle ? -126 : -1022);
}

/** a / b * 2 ** exponent, with so many bits. */
function divided(a: Whole, b: Whole, exponent: i32, bits: i32, least: i32): f64 {
  const longer = a.bits - b.bits;
  (longer < 0 ? a : b).shiftLeft(abs(longer));
  exponent += longer;
  if (a.isLess(b)) {
    a.timesPlus(2, 0);
    exponent--;
  }
  // Now it is between 1 and 2.
  let quotient: u64 = 0;
  for (let i = 0; i < 64; i++) {
    quotient <<= 1;
    if (!a.isLess(b)) {
      a.subtract(b);
      quotient |= 1;
    }
    a.timesPlus(2, 0);
  }
  const left = 64 - bits + max(least - exponent, 0);
  if (left > 64) return 0;
  const half = (<u64>1) << (left - 1);
  let mantissa: u64 = left == 64 ? 0 : quotient >> left;
  const rest = quotient & (half - 1 + half);
  if (rest > half || (rest == half && (a.bits > 0 || (mantissa & 1) == 1))) mantissa++;
  return NativeMath.scalbn(<f64>mantissa, exponent - 63 + left);
}
