/**
 * Floating-point numbers in decimal, exactly: rounded as the number is, not as some product of it, and with the fewest digits that give the
 * same number back. After Go's `strconv`. For `strconv` and `fmt`.
 *
 * On a goroutine.
 */

/** A limb has nine digits. */
const LIMB_DIGITS: i32 = 9;
const LIMB: u64 = 1_000_000_000;
/** The most that a number of 55 bits times 5 ** 1076 takes, which is half an ulp beside the smallest `f64`. */
const MOST_LIMBS: i32 = 87;

/** 0.d₁d₂d₃… * 10 ** point; without digits it is 0. No zeros at the end. */
class Decimal {
  length: i32;

  constructor(
    readonly digits: Uint8Array,
    public point: i32,
  ) {
    this.length = digits.length;
    this.trim();
  }

  private trim(): void {
    while (this.length > 0 && this.digits[this.length - 1] == 0) this.length--;
    if (this.length == 0) this.point = 0;
  }

  /** The digit in a place, also where there is none. */
  at(i: i32): i32 {
    return i >= 0 && i < this.length ? this.digits[i] : 0;
  }

  /** Keeps `n` digits; a tie goes to the even one. */
  round(n: i32): void {
    if (n >= this.length) return;
    if (n < 0) this.roundDown(0);
    else if (this.digits[n] == 5 && n + 1 == this.length ? this.at(n - 1) % 2 == 1 : this.digits[n] >= 5)
      this.roundUp(n);
    else this.roundDown(n);
  }

  roundDown(n: i32): void {
    this.length = min(n, this.length);
    this.trim();
  }

  roundUp(n: i32): void {
    for (let i = n - 1; i >= 0; i--) {
      if (this.digits[i] == 9) continue;
      this.digits[i]++;
      this.length = i + 1;
      return;
    }
    this.digits[0] = 1;
    this.length = 1;
    this.point++;
  }
}

/** `mantissa` * 2 ** `exponent`. */
function exactly(mantissa: u64, exponent: i32): Decimal {
  const limbs = new StaticArray<u32>(MOST_LIMBS);
  let n = 0;
  for (let rest = mantissa; rest != 0; rest /= LIMB) limbs[n++] = <u32>(rest % LIMB);
  // What is divided by 2 ** k is multiplied by 5 ** k, and has k digits behind the point.
  const most = exponent < 0 ? 12 : 29;
  for (let left = abs(exponent); left > 0; left -= most) {
    let factor: u64 = 1;
    for (let i = min(left, most); i > 0; i--) factor *= exponent < 0 ? 5 : 2;
    let carry: u64 = 0;
    for (let i = 0; i < n; i++) {
      const product = limbs[i] * factor + carry;
      limbs[i] = <u32>(product % LIMB);
      carry = product / LIMB;
    }
    if (carry != 0) limbs[n++] = <u32>carry;
  }
  const digits = new Uint8Array(n * LIMB_DIGITS);
  for (let i = 0; i < n; i++) {
    let limb = limbs[n - 1 - i];
    for (let k = LIMB_DIGITS - 1; k >= 0; k--, limb /= 10) digits[i * LIMB_DIGITS + k] = <u8>(limb % 10);
  }
  let first = 0;
  while (first < digits.length && digits[first] == 0) first++;
  return new Decimal(digits.subarray(first), digits.length - first + min(exponent, 0));
}

/** Takes away all digits that do not tell the number from its neighbours, half of the way to which `upper` and `lower` are. */
function shorten(d: Decimal, upper: Decimal, lower: Decimal, inclusive: bool): void {
  // What the digits so far, rounded up, are above the number's own: nothing, one in the last place, more.
  let above = 0;
  for (let ui = 0; ; ui++) {
    const mi = ui - upper.point + d.point;
    if (mi >= d.length) return;
    const li = ui - upper.point + lower.point;
    const l = lower.at(li);
    const m = d.at(mi);
    const u = upper.at(ui);
    const down = l != m || (inclusive && li + 1 == lower.length);
    if (above == 0 && m + 1 < u) above = 2;
    else if (above == 0 && m != u) above = 1;
    else if (above == 1 && (m != 9 || u != 0)) above = 2;
    const up = above > 0 && (inclusive || above > 1 || ui + 1 < upper.length);
    if (down && up) d.round(mi + 1);
    else if (down) d.roundDown(mi + 1);
    else if (up) d.roundUp(mi + 1);
    if (down || up) return;
  }
}

/** The digits of a finite number without its sign; the fewest if `shortest`. */
function decimalOf(x: f64, isSingle: bool, shortest: bool): Decimal {
  const bits = isSingle ? <u64>reinterpret<u32>(<f32>x) : reinterpret<u64>(x);
  const width = isSingle ? 23 : 52;
  const top = <i32>((bits >> width) & (isSingle ? 0xff : 0x7ff));
  const hidden = (<u64>1) << width;
  const mantissa = top == 0 ? bits & (hidden - 1) : (bits & (hidden - 1)) | hidden;
  const exponent = max(top, 1) - (isSingle ? 127 : 1023) - width;
  const d = exactly(mantissa, exponent);
  if (!shortest || mantissa == 0) return d;
  const isPower = mantissa == hidden && top > 1;
  const lower = isPower ? exactly(mantissa * 4 - 1, exponent - 2) : exactly(mantissa * 2 - 1, exponent - 1);
  shorten(d, exactly(mantissa * 2 + 1, exponent - 1), lower, mantissa % 2 == 0);
  return d;
}

function fixed(d: Decimal, precision: i32): string {
  let text = d.point > 0 ? "" : "0";
  for (let i = 0; i < d.point; i++) text += String.fromCharCode(0x30 + d.at(i));
  if (precision <= 0) return text;
  text += ".";
  for (let i = 0; i < precision; i++) text += String.fromCharCode(0x30 + d.at(d.point + i));
  return text;
}

function exponential(d: Decimal, precision: i32, letter: string): string {
  let text = String.fromCharCode(0x30 + d.at(0));
  if (precision > 0) text += ".";
  for (let i = 1; i <= precision; i++) text += String.fromCharCode(0x30 + d.at(i));
  const exponent = d.length == 0 ? 0 : d.point - 1;
  return text + letter + (exponent < 0 ? "-" : "+") + abs(exponent).toString().padStart(2, "0");
}

/** As Go's `FormatFloat`: `verb` is one of `eEfFgG`, `precision` -1 for as few digits as give the number back. */
export function formatFloat(x: f64, verb: string, precision: i32 = -1, isSingle: bool = false): string {
  if (isNaN(x)) return "NaN";
  const sign = reinterpret<i64>(x) < 0 ? "-" : "";
  if (!isFinite(x)) return sign == "" ? "+Inf" : "-Inf";
  const shortest = precision < 0;
  const d = decimalOf(x, isSingle, shortest);
  const letter = verb == "E" || verb == "G" ? "E" : "e";
  if (verb == "e" || verb == "E") {
    if (shortest) precision = max(d.length - 1, 0);
    else d.round(precision + 1);
    return sign + exponential(d, precision, letter);
  }
  if (verb == "f" || verb == "F") {
    if (shortest) precision = max(d.length - d.point, 0);
    else d.round(d.point + precision);
    return sign + fixed(d, precision);
  }
  if (shortest) precision = 6;
  else d.round((precision = max(precision, 1)));
  const digits = d.length;
  if (!shortest && precision > digits && digits >= d.point) precision = digits;
  const exponent = d.point - 1;
  if (digits > 0 && (exponent < -4 || exponent >= precision)) return sign + exponential(d, digits - 1, letter);
  return sign + fixed(d, max(digits - d.point, 0));
}
