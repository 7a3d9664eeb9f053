import { go } from "skein";

export function main(): void {
  let total = 0;
  go(() => {
    go(() => {
      total -= 1;
    });
  });
}
