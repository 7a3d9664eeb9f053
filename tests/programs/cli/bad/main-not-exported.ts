import { println } from "skein";

function main(): void {
  println("not reached");
}
main;
