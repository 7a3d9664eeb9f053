import { go, gosched, println } from "skein";

export function main(): void {
  let total = 0;
  go(() => {
    const more = 1;
    total = more;
  });
  gosched();
  println(`${total}`);
}
