/**
 * `import { … } from "skein/hash"`: digests of bytes. `md5` and `sha1`
 * can be forged.
 *
 *     hex(sha256(utf8("hello")));                // the whole
 *     const hash = new Sha256();                 // or piece by piece
 *     hash.update(bytes);
 *     hash.digest();
 *
 * On a goroutine.
 */

/** The remainders of a byte, for CRC-32 as in zip and PNG. */
const CRC: StaticArray<u32> = crcTable();

function crcTable(): StaticArray<u32> {
  const table = new StaticArray<u32>(256);
  for (let i: u32 = 0; i < 256; i++) {
    let c = i;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb8_8320 ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}

/** The CRC-32 of bytes (IEEE, as in zip); of those that follow others, with the others' CRC as `before`. */
export function crc32(bytes: Uint8Array, before: u32 = 0): u32 {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = CRC[(crc ^ bytes[i]) & 255] ^ (crc >> 8);
  return ~crc;
}

/** The SHA-256 of bytes: 32 of them. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const hash = new Sha256();
  hash.update(bytes);
  return hash.digest();
}

/** The SHA-1 of bytes: 20 of them. */
export function sha1(bytes: Uint8Array): Uint8Array {
  const hash = new Sha1();
  hash.update(bytes);
  return hash.digest();
}

/** The MD5 of bytes: 16 of them. */
export function md5(bytes: Uint8Array): Uint8Array {
  const hash = new Md5();
  hash.update(bytes);
  return hash.digest();
}

/** A digest by blocks of 64 bytes, of which the last one ends with the number of bits. */
export abstract class Digest {
  protected readonly block: Uint8Array = new Uint8Array(64);
  private length: u64 = 0;

  /** Takes the next bytes. */
  update(bytes: Uint8Array): void {
    let at = 0;
    let used = <i32>(this.length & 63);
    this.length += bytes.length;
    while (at < bytes.length) {
      const n = min(64 - used, bytes.length - at);
      memory.copy(this.block.dataStart + used, bytes.dataStart + at, n);
      at += n;
      used += n;
      if (used < 64) return;
      this.mix();
      used = 0;
    }
  }

  /** The digest of all bytes so far. What follows takes no more of them. */
  digest(): Uint8Array {
    const bits = this.length << 3;
    const used = <i32>(this.length & 63);
    const end = new Uint8Array(used < 56 ? 56 - used : 120 - used);
    end[0] = 0x80;
    this.update(end);
    store<u64>(this.block.dataStart + 56, this.isBigEndian ? bswap<u64>(bits) : bits);
    this.mix();
    const state = this.state;
    const result = new Uint8Array(4 * state.length);
    for (let i = 0; i < state.length; i++) {
      store<u32>(result.dataStart + 4 * i, this.isBigEndian ? bswap<u32>(state[i]) : state[i]);
    }
    return result;
  }

  protected constructor(
    protected readonly state: StaticArray<u32>,
    private readonly isBigEndian: bool,
  ) {}

  /** Mixes the block into the state. */
  protected abstract mix(): void;
}

/** The first 32 bits behind the point of the cube roots of the first 64 primes. */
const K256: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
];

export class Sha256 extends Digest {
  private readonly w: StaticArray<u32> = new StaticArray<u32>(64);

  constructor() {
    super(
      [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
      ] as StaticArray<u32>,
      true,
    );
  }

  protected mix(): void {
    const w = this.w;
    for (let i = 0; i < 16; i++) unchecked((w[i] = bswap<u32>(load<u32>(this.block.dataStart + 4 * i))));
    for (let i = 16; i < 64; i++) {
      const x = unchecked(w[i - 15]);
      const y = unchecked(w[i - 2]);
      const s0 = rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >> 3);
      const s1 = rotr<u32>(y, 17) ^ rotr<u32>(y, 19) ^ (y >> 10);
      unchecked((w[i] = w[i - 16] + s0 + w[i - 7] + s1));
    }
    const state = this.state;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let i = 0; i < 64; i++) {
      const s1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
      const t1 = h + s1 + ((e & f) ^ (~e & g)) + unchecked(K256[i]) + unchecked(w[i]);
      const s0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
      const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

export class Sha1 extends Digest {
  private readonly w: StaticArray<u32> = new StaticArray<u32>(80);

  constructor() {
    super([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0] as StaticArray<u32>, true);
  }

  protected mix(): void {
    const w = this.w;
    for (let i = 0; i < 16; i++) unchecked((w[i] = bswap<u32>(load<u32>(this.block.dataStart + 4 * i))));
    for (let i = 16; i < 80; i++) unchecked((w[i] = rotl<u32>(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1)));
    const state = this.state;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    for (let i = 0; i < 80; i++) {
      let f: u32;
      let k: u32;
      if (i < 20) {
        f = (b & c) | (~b & d);
        k = 0x5a827999;
      } else if (i < 40) {
        f = b ^ c ^ d;
        k = 0x6ed9eba1;
      } else if (i < 60) {
        f = (b & c) | (b & d) | (c & d);
        k = 0x8f1bbcdc;
      } else {
        f = b ^ c ^ d;
        k = 0xca62c1d6;
      }
      const next = rotl<u32>(a, 5) + f + e + k + unchecked(w[i]);
      e = d;
      d = c;
      c = rotl<u32>(b, 30);
      b = a;
      a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
  }
}

/** How far each of MD5's steps turns: four steps again and again, in each of its four rounds. */
const TURNS: StaticArray<u8> = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
/** The sines of the numbers from 1 on, as fractions of 2 ** 32. */
const SINES: StaticArray<u32> = sines();

function sines(): StaticArray<u32> {
  const table = new StaticArray<u32>(64);
  for (let i = 0; i < 64; i++) table[i] = <u32>(<u64>Math.floor(Math.abs(Math.sin(<f64>(i + 1))) * 4294967296.0));
  return table;
}

export class Md5 extends Digest {
  constructor() {
    super([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as StaticArray<u32>, false);
  }

  protected mix(): void {
    const state = this.state;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    for (let i = 0; i < 64; i++) {
      let f: u32;
      let word: i32;
      if (i < 16) {
        f = (b & c) | (~b & d);
        word = i;
      } else if (i < 32) {
        f = (d & b) | (~d & c);
        word = (5 * i + 1) & 15;
      } else if (i < 48) {
        f = b ^ c ^ d;
        word = (3 * i + 5) & 15;
      } else {
        f = c ^ (b | ~d);
        word = (7 * i) & 15;
      }
      const sum = a + f + unchecked(SINES[i]) + load<u32>(this.block.dataStart + 4 * word);
      a = d;
      d = c;
      c = b;
      b += rotl<u32>(sum, unchecked(TURNS[((i >> 4) << 2) | (i & 3)]));
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
  }
}
