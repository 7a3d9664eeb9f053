/** Names of C++'s functions, and of main, as stacks show them: `Words::count`, without parameters and template arguments. */

/** Mangled, a name is `_Z`, then one identifier, or between N and E several, each behind its length (the Itanium C++ ABI). */
const MANGLED = /^_ZL?(N[rVK]*)?(?=\d)/;
const ANONYMOUS = /^_GLOBAL__N_/;
/** What clang calls a main without parameters. */
const MAIN = "__original_main";

/** The name that a function has in its source; another's as it is. */
export function sourceName(name: string): string {
  if (name === MAIN) return "main";
  const begin = MANGLED.exec(name);
  if (begin === null) return name;
  const parts: string[] = [];
  let at = begin[0].length;
  do {
    const digits = /^L?(\d+)/.exec(name.slice(at));
    if (digits === null) break;
    at += digits[0].length;
    const part = name.slice(at, at + Number(digits[1]));
    at += part.length;
    if (!ANONYMOUS.test(part)) parts.push(part);
  } while (begin[1] !== undefined);
  return parts.join("::") || name;
}
