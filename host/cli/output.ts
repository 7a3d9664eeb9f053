/** What becomes of a command whose output did not all go out. */
import { getSystemErrorName } from "node:util";
import { EXIT_REFUSED } from "../base/exitcodes.js";
import { writeFully } from "../base/stdio.js";

/** The exit code of a command that would end with `code`, where `errno`, if it is not 0, kept output back: that is no success. */
export function delivered(code: number, errno: number): number {
  if (code !== 0 || errno === 0) return code;
  writeFully(2, Buffer.from(`skein: not all output could be written: ${getSystemErrorName(errno)}\n`));
  return EXIT_REFUSED;
}
