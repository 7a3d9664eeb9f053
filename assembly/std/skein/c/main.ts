/** Where goroutine 1 of a C program begins. */
import { sizeC } from "../runtime/goroutine/cstack";


@external("c", "skein_c_main")
declare function main(): void;

/** Runs C's main, with a larger stack than others have, and ends the program with what it returns. */
export function cMain(): void {
  sizeC(0);
  main();
}
