/** What an array has besides its elements, and where there are none. */
import { inspect } from "node:util";

/** From this length on the names are not listed: a string for each element costs more than to write the element. */
const LONG = 64;
/** Places that are looked at to tell whether a long array is mostly holes. */
const SAMPLES = 64;

/**
 * The names of an array's properties, elements included, if it has others than elements or is better written by name because
 * of its holes; undefined if its elements are all there is to it.
 */
export function extraProperties(array: readonly unknown[]): string[] | undefined {
  const n = array.length;
  if (n >= LONG && !mostlyHoles(array) && hasElementsOnly(array)) return undefined;
  const names = Object.keys(array);
  if (names.length === n && (n === 0 || names[n - 1] === String(n - 1))) return undefined;
  return names;
}

/** `inspect` asks the engine for the names that are not indices, which no function of the language does. */
function hasElementsOnly(array: readonly unknown[]): boolean {
  const shown = inspect(array, { maxArrayLength: 0, depth: 0, customInspect: false, showProxy: true, compact: 3 });
  return shown === `[ ... ${array.length} more items ]`;
}

function mostlyHoles(array: readonly unknown[]): boolean {
  let holes = 0;
  const step = array.length / SAMPLES;
  for (let k = 0; k < SAMPLES; k++) if (!(Math.floor(k * step) in array)) holes++;
  return holes > SAMPLES / 2;
}
