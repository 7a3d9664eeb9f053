import { go, Chan } from "skein";

function send(ch: Chan<i32>, v: i32): void {
  ch.send(v);
}

export function main(): void {
  go(() => {
    go(send(new Chan<i32>()));
  });
}
