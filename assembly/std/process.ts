/** AssemblyScript's `process`, on top of the program's own surroundings (`runtime/goroutine/program.ts`). On a goroutine. */
import { nanotime } from "./skein/runtime/base/clock";
import { args, exit as exitProgram } from "./skein/runtime/goroutine/program";

export namespace process {

  @lazy export const arch = "wasm32";


  @lazy export const platform = "wasm";

  /** The program's arguments; there is no interpreter's nor script's name before them. */
  @lazy export const argv: string[] = args();

  /** What `exit()` without an argument ends the program with. */
  @lazy export let exitCode = 0;

  export function exit(code: i32 = exitCode): void {
    exitProgram(code);
  }

  export function time(): i64 {
    return Date.now();
  }

  export function hrtime(): u64 {
    return <u64>nanotime();
  }
}
