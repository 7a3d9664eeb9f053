/** `skein vet`: warns of what compiles in a program and is probably not meant; exits with 1 if there is anything. */
import { EXIT_REFUSED } from "../base/exitcodes.js";
import { SkeinError } from "../base/errors.js";
import { writeFully } from "../base/stdio.js";
import { isCSource } from "../c/names.js";

/** Options of `skein vet`, as the command line's parser leaves them. */
export interface VetOptions {
  /** Rules that are not asked. */
  readonly without?: readonly string[];
  readonly rules?: true;
}

/** Looks at the programs in `files`; resolves with the exit code. */
export async function vetCommand(files: readonly string[], options: VetOptions): Promise<number> {
  const { vet, rulesOfVet } = await import("../compiler/index.js");
  if (options.rules) {
    const rules = await rulesOfVet();
    const width = Math.max(...rules.map(({ name }) => name.length));
    const lines = rules.map(({ name, about }) => `${name.padEnd(width)}  ${about}\n`);
    writeFully(1, Buffer.from(lines.join("")));
    return 0;
  }
  if (files.length === 0) throw new SkeinError("vet takes the programs to look at: skein vet FILE.ts...");
  const c = files.find((file) => isCSource(file));
  if (c !== undefined) throw new SkeinError(`${c}: vet looks at TypeScript; clang has warnings for C`);
  const warnings = await vet(files, options.without ?? []);
  if (warnings.length === 0) return 0;
  writeFully(1, Buffer.from(warnings.join("\n\n") + "\n"));
  return EXIT_REFUSED;
}
