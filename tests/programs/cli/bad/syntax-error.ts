import { println } from "skein";

export function main(): void {
  const x = ;
  println("not reached");
}
