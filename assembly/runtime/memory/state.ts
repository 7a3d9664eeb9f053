/** Getting at the collector's tables: what there is of a class, of a span, the bits of a cell. Any thread, on either stack. */
import { gc, OBJECT_CENTRALS, ObjectCentral, Span } from "../../abi";


@inline
export function objectCentral(sizeClass: i32): ObjectCentral {
  return changetype<ObjectCentral>(OBJECT_CENTRALS + sizeClass * offsetof<ObjectCentral>());
}


@inline
export function spanAt(page: u32): Span {
  return changetype<Span>(gc.spans + <usize>page * offsetof<Span>());
}

// ---- bits, by the address of a cell ------------------------------------------------------------------------------------

@inline
function bitOf(cell: usize): u32 {
  const index = (<u32>(cell >> 4)) & 7;
  return 1 << index;
}


@inline
export function bitSet(bits: usize, cell: usize): bool {
  return (load<u8>(bits + (cell >> 7)) & bitOf(cell)) != 0;
}

/** Sets a bit that others may be setting, or one beside it; was it clear? */
@inline
export function setBit(bits: usize, cell: usize): bool {
  const at = bits + (cell >> 7);
  const bit = bitOf(cell);
  if (((<u32>load<u8>(at)) & bit) != 0) return false;
  return ((<u32>atomic.or<u8>(at, <u8>bit)) & bit) == 0;
}

/** Clears a bit. While nobody else sets any. */
@inline
export function clearBit(bits: usize, cell: usize): void {
  const at = bits + (cell >> 7);
  store<u8>(at, <u8>((<u32>load<u8>(at)) & ~bitOf(cell)));
}

/** Bytes of the bits of a page. */
export const PAGE_BITS_BYTES: usize = 512;


@inline
export function bitsOfPage(bits: usize, page: u32): usize {
  return bits + <usize>page * PAGE_BITS_BYTES;
}
