// A module of its own for ../modules.ts: its variables are shared as the entry's are.

import { go, Chan, Mutex } from "skein";

export const order: string[] = [];

export let hits = 0;

const mutex = new Mutex();
const started = new Chan<string>(1);

go(announce("counter"));
order.push("counter waits");
order.push(started.recv());

function announce(name: string): void {
  started.send(name + " started");
}

export function hit(): void {
  mutex.lock();
  hits++;
  mutex.unlock();
}

export class Registry {
  static names: Map<string, i32> = new Map<string, i32>();
  static last: string = "none";
}
