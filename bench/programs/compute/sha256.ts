/** SHA-256 of some megabytes: rotations and additions on words, a small function called in the hot loop. */
import { arg, check, total } from "../harness";

const blockSize: i32 = 64;
const message = new StaticArray<u8>(arg(0, 8_000_000));
const schedule = new StaticArray<u32>(64);
const state = new StaticArray<u32>(8);

const initial: StaticArray<u32> = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

const constants: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
];

function compress(block: StaticArray<u8>, at: i32): void {
  for (let i = 0; i < 16; i++) {
    const p = at + 4 * i;
    schedule[i] = ((<u32>block[p]) << 24) | ((<u32>block[p + 1]) << 16) | ((<u32>block[p + 2]) << 8) | block[p + 3];
  }
  for (let i = 16; i < 64; i++) {
    const w15 = schedule[i - 15];
    const w2 = schedule[i - 2];
    const s0 = rotr<u32>(w15, 7) ^ rotr<u32>(w15, 18) ^ (w15 >> 3);
    const s1 = rotr<u32>(w2, 17) ^ rotr<u32>(w2, 19) ^ (w2 >> 10);
    schedule[i] = schedule[i - 16] + s0 + schedule[i - 7] + s1;
  }
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
    const t1 = h + s1 + ((e & f) ^ (~e & g)) + constants[i] + schedule[i];
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

/** The first word of the digest. */
function sha256(message: StaticArray<u8>): u32 {
  for (let i = 0; i < 8; i++) state[i] = initial[i];
  const whole = message.length / blockSize;
  for (let i = 0; i < whole; i++) compress(message, i * blockSize);
  // What is left over, one bit, zeros, and the length in bits: one block more, or two.
  const left = message.length - whole * blockSize;
  const tail = new StaticArray<u8>(left < 56 ? blockSize : 2 * blockSize);
  for (let i = 0; i < left; i++) tail[i] = message[whole * blockSize + i];
  tail[left] = 0x80;
  for (let i = 0; i < 8; i++) tail[tail.length - 1 - i] = <u8>((<u64>message.length * 8) >> (8 * i));
  for (let at = 0; at < tail.length; at += blockSize) compress(tail, at);
  return state[0];
}

function work(): void {
  sha256(message);
}

export function main(): void {
  const abc: StaticArray<u8> = [97, 98, 99];
  check(sha256(abc) == 0xba7816bf, "the digest of abc");
  for (let i = 0; i < message.length; i++) message[i] = <u8>i;
  total(arg(1, 5), work);
}
