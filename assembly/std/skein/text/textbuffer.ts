/** A text that grows at its end. For `fmt`, `json` and `strings`. On a goroutine. */
export class TextBuffer {
  private room: ArrayBuffer = new ArrayBuffer(64);
  private used: i32 = 0;

  /** What has been put. */
  text(): string {
    return String.UTF16.decodeUnsafe(changetype<usize>(this.room), this.used);
  }

  /** How much that is, in units of 16 bits. */
  protected get units(): i32 {
    return this.used >> 1;
  }

  protected clear(): void {
    this.used = 0;
  }

  protected put(text: string): void {
    this.putPart(text, 0, text.length);
  }

  protected putPart(text: string, start: i32, end: i32): void {
    const n = (end - start) << 1;
    if (this.used + n > this.room.byteLength) {
      const grown = new ArrayBuffer(max(2 * this.room.byteLength, this.used + n));
      memory.copy(changetype<usize>(grown), changetype<usize>(this.room), this.used);
      this.room = grown;
    }
    memory.copy(changetype<usize>(this.room) + this.used, changetype<usize>(text) + (start << 1), n);
    this.used += n;
  }
}
