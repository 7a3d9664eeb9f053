// A first program: three goroutines, one channel.
//
//     npx skein run examples/hello.ts

import { go, Chan, println, sleep, Millisecond } from "skein";

function greet(name: string, pause: i64, out: Chan<string>): void {
  sleep(pause);
  out.send(`Hello from ${name}!`);
}

export function main(): void {
  const out = new Chan<string>();
  go(greet("a slow goroutine", 20 * Millisecond, out));
  go(greet("a quick one", 5 * Millisecond, out));
  go(() => {
    out.send("Hello from a function body!");
  });
  for (let i = 0; i < 3; i++) println(out.recv());
}
