/** Having the engine collect what it does not know the size of. */
import { Buffer } from "node:buffer";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** No more than this is needed for the engine to see a reason to collect. */
const MOST = 256 * 2 ** 20;

/** Memory that counts as so many bytes of the engine's, and takes none as long as nobody touches it; undefined if there is not so much. */
export function ballastOf(bytes: number): ArrayBuffer | undefined {
  try {
    return Buffer.allocUnsafeSlow(Math.min(bytes, MOST)).buffer;
  } catch {
    return undefined;
  }
}

let collector: (() => void) | undefined | false = false;

/** What collects this thread's garbage at once, where the engine lets it be called. */
export function garbageCollector(): (() => void) | undefined {
  if (collector === false) collector = find();
  return collector;
}

function find(): (() => void) | undefined {
  const isExposed = "gc" in globalThis;
  try {
    if (!isExposed) setFlagsFromString("--expose-gc");
    return runInNewContext("gc") as () => void;
  } catch {
    return undefined;
  } finally {
    if (!isExposed) setFlagsFromString("--no-expose-gc");
  }
}
