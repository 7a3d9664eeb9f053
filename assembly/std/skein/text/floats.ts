/**
 * The floating-point number nearest to a decimal one, of two that are as near the even one: exactly. What has up to 19 digits and a small exponent is
 * one product, or quotient, of 128 bits (by Knuth's algorithm D, "The Art of Computer Programming", 4.3.1); the rest takes whole numbers of as many bits as it takes.
 *
 * For `strconv`, and in place of what `parseFloat` of AssemblyScript's library did (`host/compiler/patches.ts`), which was off by powers of ten
 * where digits and exponent are many. On a goroutine.
 */

/** What decides between two neighbours has at most 767 digits; more only say that it is not exactly between. */
const MOST_DIGITS: i32 = 800;

/** Powers of five that have 64 bits. */
const FIVES: StaticArray<u64> = [
  1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625, 48828125, 244140625, 1220703125, 6103515625,
  30517578125, 152587890625, 762939453125, 3814697265625, 19073486328125, 95367431640625, 476837158203125,
  2384185791015625, 11920928955078125, 59604644775390625, 298023223876953125, 1490116119384765625, 7450580596923828125,
];
const LOWER: u64 = 0xffff_ffff;

/** x * 10 ** exponent, for exponents of up to 27, or down to -27. */
function nearest(x: u64, exponent: i32): f64 {
  if (x == 0) return 0;
  const five = unchecked(FIVES[abs(exponent)]);
  const zeros = <i32>clz(x);
  // The 64 uppermost bits of what it is, whether there are others, and the power of two that they are to be multiplied by.
  let upper: u64;
  let isMore: bool;
  if (exponent >= 0) {
    const xl = x & LOWER;
    const xh = x >> 32;
    const fl = five & LOWER;
    const fh = five >> 32;
    const low = xl * fl;
    const mid = xh * fl + (low >> 32);
    const other = xl * fh + (mid & LOWER);
    const hi = xh * fh + (mid >> 32) + (other >> 32);
    const lo = (other << 32) | (low & LOWER);
    const bits = hi == 0 ? 64 - <i32>clz(lo) : 128 - <i32>clz(hi);
    const past = bits - 64;
    upper = past <= 0 ? lo << -past : past == 64 ? hi : (hi << (64 - past)) | (lo >> past);
    isMore = past > 0 && (past == 64 ? lo : lo << (64 - past)) != 0;
    exponent += past;
  } else {
    const shift = <i32>clz(five);
    const divisor = five << shift;
    const over = x << zeros;
    const isHalved = over >= divisor;
    const lo: u64 = isHalved ? over << 63 : 0;
    upper = quotient(isHalved ? over >> 1 : over, lo, divisor);
    isMore = lo - upper * divisor != 0;
    exponent += shift - zeros - (isHalved ? 63 : 64);
  }
  let mantissa = upper >> 11;
  const rest = upper & 0x7ff;
  if (rest > 0x400 || (rest == 0x400 && (isMore || (mantissa & 1) == 1))) mantissa++;
  // Far from the largest and least numbers.
  return <f64>mantissa * reinterpret<f64>((<i64>(exponent + 11 + 1023)) << 52);
}

/** Of 128 bits, the upper half of which is less than the divisor, whose uppermost bit is set. */
function quotient(hi: u64, lo: u64, divisor: u64): u64 {
  const first = digitOf(hi, lo >> 32, divisor);
  const rest = ((hi << 32) | (lo >> 32)) - first * divisor;
  return (first << 32) | digitOf(rest, lo & LOWER, divisor);
}

/** One digit of 32 bits: what is tried is at most two too large. */
function digitOf(rest: u64, next: u64, divisor: u64): u64 {
  const upper = divisor >> 32;
  const lower = divisor & LOWER;
  let digit = rest / upper;
  let left = rest - digit * upper;
  while (digit > LOWER || digit * lower > ((left << 32) | next)) {
    digit--;
    left += upper;
    if (left > LOWER) break;
  }
  return digit;
}

/** x * 10 ** exponent. */
export function decimal(x: u64, exponent: i32): f64 {
  return abs(exponent) <= 27 ? nearest(x, exponent) : floatOf(`${x}e${exponent}`, false);
}

/** A whole number, its lowest 32 bits first. */
class Whole {
  private limbs: u32[] = [];

  set(x: u64): void {
    this.limbs = [<u32>x, <u32>(x >> 32)];
    while (this.limbs.length > 0 && this.limbs[this.limbs.length - 1] == 0) this.limbs.pop();
  }

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
  // From the first digit on that is not 0, up to the exponent.
  let digits = 0;
  let first = 0;
  let small: u64 = 0;
  let exponent = 0;
  let isFraction = false;
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
    if (digits == 0) first = at;
    if (digits < 19) small = 10 * small + digit;
    digits++;
  }
  if (digits == 0) return 0;
  const last = at;
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
  const isSmall = digits <= 19;
  if (isSmall && !isSingle && abs(exponent) <= 27) return nearest(small, exponent);
  const a = new Whole();
  let isMore = false;
  if (isSmall) a.set(small);
  for (let count = 0; !isSmall && first < last; first++) {
    const digit = <u32>text.charCodeAt(first) - 0x30;
    if (digit > 9) continue;
    if (count++ < MOST_DIGITS) a.timesPlus(10, digit);
    else {
      if (digit != 0) isMore = true;
      exponent++;
    }
  }
  if (isMore) {
    a.timesPlus(10, 1);
    exponent--;
  }
  const b = new Whole();
  b.set(1);
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
