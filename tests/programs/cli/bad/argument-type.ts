import { go, Chan } from "skein";

function send(ch: Chan<i32>, v: i32): void {
  ch.send(v);
}

export function main(): void {
  const ch = new Chan<i32>();
  go(send(ch, "text"));
}
