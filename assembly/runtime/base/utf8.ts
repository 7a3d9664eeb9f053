/** Texts from bytes that come from outside. On any thread. */

/** What stands for bytes that are no character. */
const REPLACEMENT: u32 = 0xfffd;

/**
 * The text of `length` bytes of UTF-8. What is none is replaced, as the Encoding Standard says and Node does it: each longest beginning of a character, or
 * else each byte, by U+FFFD.
 */
export function decodeUtf8(bytes: usize, length: i32): string {
  if (length <= 0) return "";
  // No byte gives more than one unit.
  const text = __new((<usize>length) << 1, idof<string>());
  const end = bytes + length;
  let to = text;
  while (bytes < end) {
    const first = <u32>load<u8>(bytes++);
    if (first < 0x80) {
      store<u16>(to, <u16>first);
      to += 2;
      continue;
    }
    let more = first >= 0xc2 && first <= 0xf4 ? (first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3) : 0;
    let character = more == 0 ? REPLACEMENT : first & (0x3f >> more);
    // The second byte's bounds leave out what has a shorter form, surrogates, and what is above the last character.
    let lower: u32 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    let upper: u32 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    for (; more > 0; more--) {
      const next = bytes < end ? <u32>load<u8>(bytes) : 0;
      if (next < lower || next > upper) {
        character = REPLACEMENT;
        break;
      }
      bytes++;
      character = (character << 6) | (next & 0x3f);
      lower = 0x80;
      upper = 0xbf;
    }
    if (character >= 0x10000) {
      store<u16>(to, <u16>(0xd7c0 + (character >> 10)));
      store<u16>(to, <u16>(0xdc00 | (character & 0x3ff)), 2);
      to += 4;
    } else {
      store<u16>(to, <u16>character);
      to += 2;
    }
  }
  return changetype<string>(__renew(text, to - text));
}
