// The concurrent sieve: a chain of goroutines, each of which lets through what its own prime does not divide.
//
//     npx skein run examples/primes.ts -- 100         the first hundred primes (25 unless told)

import { go, Chan, args, println } from "skein";
import { parse } from "skein/strconv";

/** Sends 2, 3, 4, … for ever. */
function generate(out: Chan<i32>): void {
  for (let i = 2; ; i++) out.send(i);
}

/** Copies what comes in, except for the multiples of `prime`. */
function filter(input: Chan<i32>, out: Chan<i32>, prime: i32): void {
  for (;;) {
    const n = input.recv();
    if (n % prime != 0) out.send(n);
  }
}

export function main(): void {
  const list = args();
  const count = list.length > 0 ? parse<i32>(list[0]).must() : 25;
  let numbers = new Chan<i32>();
  go(generate(numbers));
  for (let i = 0; i < count; i++) {
    const prime = numbers.recv();
    println(`${prime}`);
    const rest = new Chan<i32>();
    go(filter(numbers, rest, prime));
    numbers = rest;
  }
  // The generator and the filters are still waiting for each other: they end with the program, when main returns.
}
