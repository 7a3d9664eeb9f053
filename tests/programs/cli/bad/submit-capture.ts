import { Pool } from "skein";

class Sum {
  add(pool: Pool, n: i32): void {
    pool.submit(() => {
      --n;
    });
  }
}

export function main(): void {
  new Sum().add(new Pool(1), 1);
}
