/** Computes for so many milliseconds; writes down that it has begun. */
import { appendFileSync } from "node:fs";

export default function compute({ data: { file, ms } }) {
  appendFileSync(file, "+");
  for (const end = performance.now() + ms; performance.now() < end;);
  return ms;
}
