/**
 * What goroutines other than its loop's have for a connection: output, and closing. Made for a connection when that first happens.
 *
 * Who writes waits while more than the high-water mark waits here, or for the peer, which the loop says (`setFull`). Once the
 * connection has closed nobody waits, and nothing is taken: `end` comes after its state is Closed, and both it and the making of an
 * Outside are under the loop's lock.
 *
 * On any goroutine but where it says that it is the loop's.
 */
import { Cond } from "../runtime/sync/cond";

export class Outside {
  private readonly room: Cond = new Cond();
  private pieces: Uint8Array[] = [];
  /** Bytes of the pieces. */
  private size: i32 = 0;
  /** Too much waits for the peer. */
  private isFull: bool = false;
  /** The loop is to close the connection. */
  private isClosing: bool = false;
  private isOver: bool = false;

  constructor(private readonly mark: i32) {}

  /** Takes bytes, which are copied, once there is room, or if it is not to wait, now; false if they were not taken. */
  put(bytes: Uint8Array, waits: bool): bool {
    const room = this.room;
    room.mutex.lock();
    while (waits && this.isOpen && !this.hasRoom) room.wait();
    const takes = this.isOpen && this.hasRoom;
    if (takes) {
      this.pieces.push(bytes.slice());
      this.size += bytes.length;
    }
    room.mutex.unlock();
    return takes;
  }

  private get isOpen(): bool {
    return !this.isOver && !this.isClosing;
  }

  private get hasRoom(): bool {
    return !this.isFull && this.size <= this.mark;
  }

  /** Has the loop close the connection; false if it is closing already. */
  close(): bool {
    this.room.mutex.lock();
    const isFirst = this.isOpen;
    this.isClosing = true;
    this.room.broadcast();
    this.room.mutex.unlock();
    return isFirst;
  }

  /** What there is to send, in order. The loop's. */
  take(): Uint8Array[] {
    this.room.mutex.lock();
    const pieces = this.pieces;
    this.pieces = [];
    this.size = 0;
    this.room.mutex.unlock();
    return pieces;
  }

  /** Whether too much waits for the peer now; and whether the connection is to close, after what was taken. The loop's. */
  setFull(isFull: bool): bool {
    this.room.mutex.lock();
    this.isFull = isFull;
    const closes = this.isClosing && this.size == 0;
    if (this.hasRoom) this.room.broadcast();
    this.room.mutex.unlock();
    return closes;
  }

  /** The connection has closed. The loop's. */
  end(): void {
    this.room.mutex.lock();
    this.isOver = true;
    this.pieces = [];
    this.room.broadcast();
    this.room.mutex.unlock();
  }
}
