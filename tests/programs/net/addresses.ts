// Addresses: the host may be missing, a name, or literal, of either version; every socket says where it is.
//
// case: with system calls
// options: --poller epoll
//
// case: with the runtime's own sockets
// options: --poller stdlib

import { println } from "skein";
import { dial, lastError, listen, listenPacket } from "skein/net";
import { check, same } from "../expect";
import { acceptFrom, connect, socketPath } from "./support";

/** Listens at `at`, and reaches it by each of the hosts. */
function reach(at: string, prefix: string, hosts: string[]): void {
  const l = listen(at);
  check(l != null, lastError());
  const addr = l!.addr;
  check(addr.startsWith(prefix), `${at} is at ${addr}`);
  const port = addr.substring(addr.lastIndexOf(":"));
  check(port != ":0", "a port was chosen");
  for (let i = 0; i < hosts.length; i++) {
    const near = dial(hosts[i] + port);
    check(near != null, `${at} from ${hosts[i]}: ${lastError()}`);
    const far = acceptFrom(l!);
    same(far.remoteAddr, near!.localAddr, "one end is the other's other end");
    same(far.localAddr, near!.remoteAddr, "and the other way round");
    near!.close();
    far.close();
  }
  l!.close();
}

export function main(): void {
  reach("tcp://:0", "tcp://127.0.0.1:", ["tcp://", "tcp://127.0.0.1", "tcp4://localhost", "tcp://localhost"]);
  reach("tcp://localhost:0", "tcp://127.0.0.1:", ["tcp://LocalHost"]);
  reach("tcp4://0.0.0.0:0", "tcp://0.0.0.0:", ["tcp://127.0.0.1", "tcp4://127.0.0.2"]);
  if (listen("tcp6://[::1]:0")) {
    reach("tcp6://:0", "tcp://[::1]:", ["tcp6://localhost", "tcp://localhost", "tcp6://"]);
    reach("tcp6://[::]:0", "tcp://[::]:", ["tcp://[::1]"]);
  } else {
    check(lastError().includes("EADDRNOTAVAIL") || lastError().includes("EAFNOSUPPORT"), lastError());
  }
  const path = socketPath("addresses");
  const l = listen("unix://" + path)!;
  const near = connect("unix://" + path);
  const far = acceptFrom(l);
  same(near.remoteAddr, "unix://" + path, "a path");
  same(far.remoteAddr, "unix://", "a client has no name");
  same(near.localAddr, "unix://", "as it says itself");
  near.close();
  far.close();
  l.close();
  const name = "unix://@" + path;
  const abstract = listen(name)!;
  same(abstract.addr, name, "a name without a file");
  connect(name).close();
  abstract.close();
  const p = listenPacket("udp://:0")!;
  check(p.localAddr.startsWith("udp://127.0.0.1:"), p.localAddr);
  p.close();
  println("ok");
}
