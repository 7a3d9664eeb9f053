/** Echo: a server that gives back what each connection sends, with a goroutine for each. */
import { go, println } from "skein";
import { lastError, listen, Conn } from "skein/net";

function serve(c: Conn): void {
  const buf = new Uint8Array(512);
  while (true) {
    const n = c.read(buf);
    if (n <= 0 || c.write(buf.subarray(0, n)) < 0) break;
  }
  c.close();
}

export function main(): void {
  const l = listen("tcp://127.0.0.1:0");
  if (!l) throw new Error(lastError());
  println("LISTEN " + l.addr);
  while (true) {
    const c = l.accept();
    if (!c) throw new Error(lastError());
    go(serve(c));
  }
}
