/** Queens: in how many ways n queens stand on a board of n by n, row by row, with an array of bool for each direction. */
import { arg, check, total } from "./harness";

const size = arg(0, 11);

/** The known answers for n = 0 … 13. */
const known: Array<i32> = [1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712];

class Board {
  private columns: Array<bool>;
  private rising: Array<bool>;
  private falling: Array<bool>;

  constructor(private size: i32) {
    this.columns = new Array<bool>(size);
    this.rising = new Array<bool>(2 * size);
    this.falling = new Array<bool>(2 * size);
  }

  place(row: i32): i32 {
    if (row == this.size) return 1;
    let ways = 0;
    for (let column = 0; column < this.size; column++) {
      const up = row + column;
      const down = row - column + this.size;
      if (this.columns[column] || this.rising[up] || this.falling[down]) continue;
      this.columns[column] = this.rising[up] = this.falling[down] = true;
      ways += this.place(row + 1);
      this.columns[column] = this.rising[up] = this.falling[down] = false;
    }
    return ways;
  }
}

function work(): void {
  check(new Board(size).place(0) == known[size], "the ways");
}

export function main(): void {
  total(arg(1, 5), work);
}
