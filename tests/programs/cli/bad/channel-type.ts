import { Chan } from "skein";

export function main(): void {
  const ch = new Chan<i32>();
  ch.send("text");
}
