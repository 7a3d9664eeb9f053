/** Life: Conway's, on a torus, as an array of bytes; the neighbours of each cell are counted by index. */
import { arg, check, total } from "./harness";

const size = arg(0, 512);
const generations: i32 = 40;

class Field {
  private cells: Uint8Array;

  constructor(private size: i32) {
    this.cells = new Uint8Array(size * size);
  }

  alive(x: i32, y: i32): u8 {
    x = (x + this.size) % this.size;
    y = (y + this.size) % this.size;
    return this.cells[y * this.size + x];
  }

  set(x: i32, y: i32, value: u8): void {
    this.cells[y * this.size + x] = value;
  }

  /** What a cell is next. */
  next(x: i32, y: i32): u8 {
    let neighbours: i32 = 0;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        if (dx != 0 || dy != 0) neighbours += this.alive(x + dx, y + dy);
      }
    }
    return <u8>(neighbours == 3 || (neighbours == 2 && this.alive(x, y) == 1));
  }

  population(): i32 {
    let sum = 0;
    for (let i = 0; i < this.cells.length; i++) sum += this.cells[i];
    return sum;
  }
}

function work(): void {
  let now = new Field(size);
  let then = new Field(size);
  // A glider comes back to its shape every four generations.
  now.set(1, 0, 1);
  now.set(2, 1, 1);
  for (let x = 0; x < 3; x++) now.set(x, 2, 1);
  for (let g = 0; g < generations; g++) {
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) then.set(x, y, now.next(x, y));
    }
    const spare = now;
    now = then;
    then = spare;
  }
  check(now.population() == 5, "a glider has five cells");
}

export function main(): void {
  total(arg(1, 5), work);
}
