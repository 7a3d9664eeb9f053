/** Reads what a benchmark program prints: any number of lines `RESULT unit value`, among others. */
import { ChildError } from "./child.js";

/** The values, which must all have the unit expected. */
export function results(text: string, unit: string): number[] {
  const values: number[] = [];
  for (const line of text.split("\n")) {
    const [word, itsUnit, number, ...rest] = line.trim().split(/\s+/);
    if (word !== "RESULT") continue;
    const value = Number(number);
    if (itsUnit !== unit || number === undefined || !Number.isFinite(value) || rest.length > 0) {
      throw new ChildError(`printed ${JSON.stringify(line.trim())} where RESULT ${unit} and a number was expected`);
    }
    values.push(value);
  }
  if (values.length === 0) throw new ChildError("printed no RESULT");
  return values;
}
