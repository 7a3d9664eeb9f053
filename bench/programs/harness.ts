/**
 * Times the programs beside it exactly as bench/peers/go/internal/harness times the Go ones: run the work untimed until
 * a third of a second has passed, then time each repetition, and print one RESULT line for each.
 *
 * AssemblyScript has no closures, so a program keeps what its work needs in module variables.
 */
import { args, Millisecond, now, println, readText } from "skein";

/** As long as a WebAssembly engine takes to replace its baseline code; Go gets the same. */
const warmUp: i64 = 300 * Millisecond;

/** The program's argument `i` as a number, or `fallback` where it was not given. */
export function arg(i: i32, fallback: i32): i32 {
  const given = args();
  if (i >= given.length) return fallback;
  const n = I32.parseInt(given[i]);
  if (n < 0) throw new Error("not a number: " + given[i]);
  return n;
}

/** Reports the time of `body` divided by the `ops` that one call of it makes. */
export function perOp(repetitions: i32, ops: i32, body: () => void): void {
  warm(body);
  for (let i = 0; i < repetitions; i++) result("ns/op", <f64>timed(body) / <f64>ops);
}

/** Reports how long `body` takes. */
export function total(repetitions: i32, body: () => void): void {
  warm(body);
  for (let i = 0; i < repetitions; i++) result("ms", <f64>timed(body) / 1e6);
}

/** Prints how much has been done so far, for the program that measures what each takes of the processors. */
export function count(done: i64): void {
  println("COUNT " + done.toString());
}

/** Prints one value for the program that compares. */
export function result(unit: string, value: f64): void {
  println("RESULT " + unit + " " + value.toString());
}

/** The process's resident memory in MB, and the most that it was so far. Of Linux. */
export function resident(): f64 {
  return ofStatus("VmRSS:");
}

export function peakResident(): f64 {
  return ofStatus("VmHWM:");
}

function ofStatus(name: string): f64 {
  const text = readText("/proc/self/status");
  const at = text ? text.indexOf(name) : -1;
  check(at >= 0, "there is no " + name);
  return <f64>I64.parseInt(text!.substring(at + name.length).trimStart()) / 1024;
}

/** Ends a program whose answer is wrong: a fast wrong answer must not become a figure. */
export function check(ok: bool, what: string): void {
  if (!ok) throw new Error("wrong result: " + what);
}

function warm(body: () => void): void {
  for (const start = now(); now() - start < warmUp;) body();
}

function timed(body: () => void): i64 {
  const start = now();
  body();
  return now() - start;
}
