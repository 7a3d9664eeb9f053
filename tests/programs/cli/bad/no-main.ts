import { println } from "skein";

export function start(): void {
  println("not reached");
}
