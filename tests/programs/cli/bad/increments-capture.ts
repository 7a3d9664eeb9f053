import { go } from "skein";

export function main(): void {
  let total = 0;
  for (let i = 0; i < 10; i++) {
    go(() => {
      if (i > 5) total++;
    });
  }
}
