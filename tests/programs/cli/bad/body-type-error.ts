import { go, Chan } from "skein";

export function main(): void {
  const ch = new Chan<i32>();
  const text = "text";
  go(() => {
    const n = 5;
    ch.send(text);
  });
}
