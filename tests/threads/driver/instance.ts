/** One thread's instance of a program of `programs/`. */

/** What a program exports: functions of numbers. */
export type Exports = Readonly<Record<string, (...args: number[]) => number>>;

function fails(what: string): () => never {
  return () => {
    throw new Error(what);
  };
}

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports {
  const imports = {
    env: { memory, abort: fails("an assertion of the core failed") },
    // Whatever the core imports: nothing that is tested here calls any of it.
    skein: new Proxy({}, { get: (_, name) => fails(`the core called ${String(name)}`) }),
  };
  return new WebAssembly.Instance(module, imports).exports as Exports;
}
