/** Sockets: what goroutines ask the host for, and the sockets of the runtime's own (see `net/addr.ts`, `net/stdlib.ts`). */

/** What waits for the network. */
export namespace PollerKind {
  /** Nobody has used the network yet. */
  export const None: i32 = 0;
  export const Epoll: i32 = 1;
  /** The runtime's own sockets, on a thread of the host. */
  export const Stdlib: i32 = 2;
}

/** Bytes of an address that the kernel takes, at most. */
export const SOCKADDR_MAX: i32 = 112;

// ---- names -----------------------------------------------------------------------------------------------------------

/** What an address is for. */
export namespace Purpose {
  export const Listen: i32 = 0;
  export const Dial: i32 = 1;
  export const ListenPacket: i32 = 2;
  export const Destination: i32 = 3;
}

/** One of the addresses that a name stands for; the kernel's struct follows. */
@unmanaged
@host
export class Slot {
  /** AF_INET and the like. */
  domain: i32;
  length: i32;
  /** Bits of SlotFlag. */
  flags: i32;
}

export namespace SlotFlag {
  /** An IPv6 address that is not to stand for IPv4 too. */
  export const Only6: i32 = 1;
  /** Others may listen at it as well. */
  export const ReusePort: i32 = 2;
  /** Its sockets carry packets. */
  export const Packets: i32 = 4;
}

/** What the host is asked, and answers; a message and the slots follow. */
@unmanaged
@host
export class Resolution {
  /** Where the goroutine waits for the main thread (`awaitHost`). */
  word: usize;
  /** How many slots are filled. */
  count: i32;
  /** The text asked for, UTF-16, its length in bytes, and its Purpose. */
  text: usize;
  length: i32;
  purpose: i32;
  /** Bytes of a message that says why there is no answer; UTF-16. */
  messageLength: i32;
}

export namespace ResolutionLayout {
  export const Message: usize = offsetof<Resolution>();
  export const MessageMax: usize = 512;
  export const Slots: usize = Message + MessageMax;
  export const SlotSize: usize = offsetof<Slot>() + SOCKADDR_MAX;
  /** The most addresses of a name that are tried. */
  export const SlotCount: usize = 8;
}

// ---- the I/O thread --------------------------------------------------------------------------------------------------

/** A request to the I/O thread, which frees it. */
@unmanaged
@host
export class IoRequest {
  next: usize;
  /** One of IoKind. */
  kind: i32;
  socket: usize;
  /** A block, which the I/O thread frees, and how many of its bytes count. */
  block: usize;
  length: i32;
}

/** What the I/O thread is asked to do. */
export namespace IoKind {
  export const Listen: i32 = 0;
  export const Dial: i32 = 1;
  export const OpenPackets: i32 = 2;
  export const Write: i32 = 3;
  export const Send: i32 = 4;
  export const Shutdown: i32 = 5;
  export const Resume: i32 = 6;
  export const Close: i32 = 7;
}

/** What the I/O thread tells. */
export namespace IoEvent {
  /** What was asked for is done; the value is 0 or an errno. */
  export const Done: i32 = 0;
  /** So many bytes have gone to the system. */
  export const Written: i32 = 1;
  /** The other end sends nothing more. */
  export const Ended: i32 = 2;
  /** The connection has failed; the value is an errno. */
  export const Failed: i32 = 3;
}

/** A socket of the runtime's own; its two addresses follow. */
@unmanaged
export class StdSocket {
  /** Where the goroutine waits that has asked for the socket (`awaitHost`). */
  word: usize;
  /** Flags of the Slot. */
  @host flags: i32;


  @host localLength: i32;


  @host remoteLength: i32;
  lock: i32;
  result: i32;
  /** What it is, in the netpoller; 0 before it is registered. */
  pd: usize;
  /** Blocks received: first and last, and their bytes (or packets). */
  first: usize;
  last: usize;
  received: i32;
  /** Bytes on their way out. */
  sending: i32;
  /** The I/O thread was told to stop receiving. */
  paused: bool;
  ended: bool;
  /** Nothing more is to go out. */
  shut: bool;
  /** Somebody has been told of the error: as the system does, reading then finds the end, and writing a broken pipe. */
  told: bool;
  /** An errno, 0 for none. */
  error: i32;
}

export namespace StdSocketLayout {
  export const Local: usize = offsetof<StdSocket>();
  export const Remote: usize = Local + SOCKADDR_MAX;
  export const Size: usize = Remote + SOCKADDR_MAX;
}
