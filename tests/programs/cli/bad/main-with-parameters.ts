import { println } from "skein";

export function main(n: i32): void {
  println(`${n}`);
}
