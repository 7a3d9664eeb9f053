import { go, println } from "skein";

export function main(): void {
  go(() => {
    println("not reached");
  });
