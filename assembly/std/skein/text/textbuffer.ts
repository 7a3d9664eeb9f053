/** A text that grows at its end. For `fmt` and `json`. On a goroutine. */
export class TextBuffer {
  private units: ArrayBuffer = new ArrayBuffer(64);
  private used: i32 = 0;

  /** What has been put. */
  text(): string {
    return String.UTF16.decodeUnsafe(changetype<usize>(this.units), this.used);
  }

  protected put(text: string): void {
    this.putPart(text, 0, text.length);
  }

  protected putPart(text: string, start: i32, end: i32): void {
    const n = (end - start) << 1;
    if (this.used + n > this.units.byteLength) {
      const grown = new ArrayBuffer(max(2 * this.units.byteLength, this.used + n));
      memory.copy(changetype<usize>(grown), changetype<usize>(this.units), this.used);
      this.units = grown;
    }
    memory.copy(changetype<usize>(this.units) + this.used, changetype<usize>(text) + (start << 1), n);
    this.used += n;
  }
}
