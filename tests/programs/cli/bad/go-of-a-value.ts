import { go } from "skein";

export function main(): void {
  const x = 5;
  go(x);
}
