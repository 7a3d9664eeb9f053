// The goroutines between the server, which is in JavaScript, and the compressor, which is in C: each part of a body is compressed by one of
// its own, on any core, and what they make goes out in order.

import { Chan, go } from "skein";


@external("c", "deflate_room")
declare function deflateRoom(size: usize): usize;


@external("c", "deflate_part")
declare function deflatePart(from: usize, size: usize, to: usize): usize;


@external("c", "crc32")
declare function crc32(crc: u32, from: usize, size: usize): u32;

/** Parts that are being compressed for one body. */
const PARTS: i32 = 8;

function compress(part: Uint8Array, done: Chan<Uint8Array>): void {
  const room = new Uint8Array(<i32>deflateRoom(part.length));
  const size = deflatePart(part.dataStart, part.length, room.dataStart);
  done.send(room.slice(0, <i32>size));
}

/** The parts of `body` as one file of gzip's (RFC 1952). */
export function gzip(body: Chan<Uint8Array>, out: Chan<Uint8Array>): void {
  const parts = new Chan<Chan<Uint8Array>>(PARTS);
  let crc: u32 = 0;
  let size: u32 = 0;
  go(() => {
    for (const part of body) {
      crc = crc32(crc, part.dataStart, part.length);
      size += part.length;
      const done = new Chan<Uint8Array>(1);
      go(compress(part, done));
      parts.send(done);
    }
    parts.close();
  });

  const header = new Uint8Array(10);
  header.set([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  out.send(header);
  for (const done of parts) out.send(done.recv());
  const end = new Uint8Array(10);
  end[0] = 3; // the last block: nothing, in fixed codes
  store<u32>(end.dataStart, crc, 2);
  store<u32>(end.dataStart, size, 6);
  out.send(end);
  out.close();
}

export function main(): void {}
