/**
 * PING in Redis's protocol, over bytes: what the servers of resp.mjs answer with, so that they differ in nothing
 * but how they wait, read and write.
 */

const PONG = "+PONG\r\n";
/** Answers by the number of PINGs that came together. */
const answers = [];

/** Reads the number that ends at a line's end; the place after it goes to `place`. */
let place = 0;
function number(bytes, at, mark) {
  if (bytes[at] !== mark) return -2;
  let value = 0;
  for (let i = at + 1; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 13) {
      place = i + 2;
      return place <= bytes.length ? value : -1;
    }
    if (byte < 48 || byte > 57) return -2;
    value = 10 * value + byte - 48;
  }
  return -1;
}

/** How many whole commands there are, all of which must be PING; `used` is how far they reach. -1 for anything else. */
export let used = 0;
export function countPings(bytes) {
  let count = 0;
  used = 0;
  while (used < bytes.length) {
    const args = number(bytes, used, 42);
    if (args === -1) break;
    if (args !== 1) return -1;
    const length = number(bytes, place, 36);
    if (length === -1 || (length === 4 && place + 6 > bytes.length)) break;
    const at = place;
    // Upper or lower case.
    const isPing =
      length === 4 &&
      (bytes[at] & 0xdf) === 80 &&
      (bytes[at + 1] & 0xdf) === 73 &&
      (bytes[at + 2] & 0xdf) === 78 &&
      (bytes[at + 3] & 0xdf) === 71;
    if (!isPing) return -1;
    used = at + 6;
    count++;
  }
  return count;
}

/** The answer to so many PINGs. */
export function pongs(count) {
  return (answers[count] ??= Buffer.from(PONG.repeat(count)));
}
