/**
 * Replaces methods of AssemblyScript's classes for the duration of one compile.
 *
 * Skein changes what the compiler generates, not the text it reads. A rewrite of the source would have to know the type
 * of every argument, which parameter a literal flows into, what a name refers to and where an error belongs; the compiler
 * knows all of that, and only while it compiles. It has no extension points there, so its methods are replaced: the
 * version is pinned, each replacement calls the original, and an upgrade is a matter of reading the few in `asc.ts`.
 *
 * Compiling is synchronous from install to restore, so no other compile in this thread ever sees the replacements.
 */

type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
type Result<F> = F extends (...args: never[]) => infer R ? R : never;

/** What stands for a method: with the method's object for `this`, and, before the method's arguments, the method itself. */
type Replacement<T, F> = (this: T, original: (...args: Arguments<F>) => Result<F>, ...args: Arguments<F>) => Result<F>;

/** A set of replaced methods that can be put back. */
export class Hooks {
  private readonly undo: (() => void)[] = [];

  /** Has `replacement` called in place of `prototype[name]`. */
  replace<T extends object, K extends keyof T & string>(
    prototype: T,
    name: K,
    replacement: Replacement<T, T[K]>,
  ): void {
    const method = prototype[name];
    if (typeof method !== "function") throw new Error(`the compiler has no method ${name}`);
    prototype[name] = function (this: T, ...args: Arguments<T[K]>): Result<T[K]> {
      const original = (...given: Arguments<T[K]>): Result<T[K]> => method.apply(this, given) as Result<T[K]>;
      return replacement.call(this, original, ...args);
    } as unknown as T[K];
    this.undo.push(() => {
      prototype[name] = method;
    });
  }

  /** Puts every original back, in reverse order. */
  restore(): void {
    while (this.undo.length > 0) this.undo.pop()!();
  }
}
