// A goroutine per connection: what comes in goes back out.
//
//   skein run examples/net/echo-server.ts -- tcp://127.0.0.1:7000

import { args, eprintln, exit, go, println } from "skein";
import { lastError, listen, Conn } from "skein/net";

function serve(c: Conn): void {
  const buf = new Uint8Array(4096);
  while (true) {
    const n = c.read(buf);
    if (n <= 0 || c.write(buf.subarray(0, n)) < 0) break;
  }
  c.close();
}

export function main(): void {
  const given = args();
  const l = listen(given.length > 0 ? given[0] : "tcp://127.0.0.1:7000");
  if (!l) {
    eprintln(lastError());
    exit(1);
  }
  println("echo-server listens at " + l!.addr);
  while (true) {
    const c = l!.accept();
    if (!c) break;
    go(serve(c));
  }
}
