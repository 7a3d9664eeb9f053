/**
 * A server: listening, giving connections to loops, and the end.
 *
 * A goroutine for each socket accepts; so one goroutine is woken for a connection, and too many open files hold up accepting
 * there and nothing else (`fdAccept`). An address that says reuseport has a socket for each loop, where there are system
 * calls: the system deals connections, and datagrams, out to them. A connection goes to the loop that the balance says through the loop's queue.
 *
 * The end is one goroutine's work, whoever asks for it: it closes the listeners, waits until nobody accepts, has the loops
 * close their connections, and waits for them. So nothing is given to a loop that has ended.
 *
 * On any goroutine: who calls, who accepts, who ends it.
 */
import { SERVE_LOOPS_MAX } from "../layout";
import { addressOf } from "../abi";
import { Chan } from "../runtime/chan/chan";
import { nilCheck } from "../runtime/base/nil";
import { endText } from "../runtime/net/addr";
import { fdAccept, fdClose, NetFD, SocketKind } from "../runtime/net/fd";
import { openListener, openPackets } from "../runtime/net/open";
import { isEpoll } from "../runtime/net/sys";
import { gopanic } from "../runtime/base/panic";
import { goid, newproc } from "../runtime/goroutine/proc";
import { fastrandn } from "../runtime/base/rand";
import { WaitGroup } from "../runtime/sync/waitgroup";
import { sleep } from "../runtime/goroutine/time";
import { gomaxprocs } from "../runtime/goroutine/proc";
import { Conn } from "./conn";
import { Action, Events, LoadBalance } from "./events";
import { Loop } from "./loop";

/** How long accepting waits after an error that it cannot explain, in ns. */
const ACCEPT_PAUSE: i64 = 5_000_000;

/** Figures of one loop. */
export class LoopStats {
  /** Connections open now. */
  connections: i32 = 0;
  /** Connections opened so far. */
  accepted: i64 = 0;
  /** Bytes that were read. */
  bytesIn: i64 = 0;
  /** Bytes that handlers gave to be sent. */
  bytesOut: i64 = 0;
  /** Times that `data` was called for a wake. */
  wakes: i64 = 0;
  /** Turns of the loop. */
  turns: i64 = 0;
}

/**
 * Serves addresses: `tcp://host:port` (`tcp4`, `tcp6`), `unix://path`, `udp://host:port`, with `?reuseport=true` where others
 * may listen at the same. Returns once all are open; the server runs in goroutines of its own, so the program has to go on:
 * `server.wait()`. Null if an address cannot be had: `lastError()` says which, and why.
 */
export function serve(events: Events, addrs: string[]): Server | null {
  nilCheck(changetype<usize>(events));
  nilCheck(changetype<usize>(addrs));
  checkEvents(events);
  if (addrs.length == 0) gopanic("serve: there is no address to serve");
  const loops = events.loops == -1 ? gomaxprocs(0) : max(1, events.loops);
  const sockets: Socket[] = [];
  for (let i = 0; i < addrs.length; i++) {
    if (openAll(addrs[i], i, loops, sockets)) continue;
    for (let j = 0; j < sockets.length; j++) fdClose(sockets[j].fd);
    return null;
  }
  const server = new Server(events, loops, sockets);
  server.start();
  return server;
}

/** A socket that connections or packets come to, and the index of its address. */
class Socket {
  constructor(
    readonly fd: NetFD,
    readonly addrIndex: i32,
  ) {}
}

/** Opens the sockets of an address; false if one cannot be had. */
function openAll(addr: string, index: i32, loops: i32, sockets: Socket[]): bool {
  const first = openOne(addr);
  if (!first) return false;
  sockets.push(new Socket(first, index));
  if (!first.reusePort || first.kind == SocketKind.Unix || !isEpoll()) return true;
  // The port may have been the system's choice; the network is to stay the one that was asked for.
  const network = addr.substring(0, max(0, addr.indexOf("://")));
  const text = endText(first.local, first.kind);
  const same = network + text.substring(network.length > 0 ? text.indexOf("://") : 0) + "?reuseport=true";
  for (let i = 1; i < loops; i++) {
    const fd = openOne(same);
    if (!fd) return false;
    sockets.push(new Socket(fd, index));
  }
  return true;
}

function openOne(addr: string): NetFD | null {
  return addr.startsWith("udp") ? openPackets(addr) : openListener(addr);
}

/** Panics with the setting that is wrong. */
function checkEvents(events: Events): void {
  const loops = events.loops;
  if (loops < -1 || loops > SERVE_LOOPS_MAX) {
    gopanic(
      "serve: loops must be -1, for one for each P, or a number up to " +
        SERVE_LOOPS_MAX.toString() +
        ", not " +
        loops.toString(),
    );
  }
  const balance = <i32>events.loadBalance;
  if (balance < 0 || balance > LoadBalance.LeastConnections) {
    gopanic("serve: loadBalance must be a member of LoadBalance, not " + balance.toString());
  }
  if (events.highWaterMark < 0) {
    gopanic("serve: highWaterMark must be 0 or more, not " + events.highWaterMark.toString());
  }
  if (events.idleTimeout < 0) gopanic("serve: idleTimeout must be 0 or more, not " + events.idleTimeout.toString());
  if (events.linger < 0) gopanic("serve: linger must be 0 or more, not " + events.linger.toString());
}

/** A server. */
export class Server {
  /** The addresses, as `serve` takes them, with the ports that the system chose. */
  readonly addrs: string[] = [];
  readonly events: Events;
  private readonly sockets: Socket[];
  private readonly allLoops: Loop[] = [];
  /** Not 0 once it is to close. Atomic. */
  private closing: i32 = 0;
  /** Counts the connections that went round. Atomic. */
  private round: u32 = 0;
  private readonly accepting: WaitGroup = new WaitGroup();
  private readonly running: WaitGroup = new WaitGroup();
  /** Closed once the server is. */
  private readonly over: Chan<bool> = new Chan<bool>();

  constructor(events: Events, loops: i32, sockets: Socket[]) {
    this.events = events;
    this.sockets = sockets;
    for (let i = 0; i < sockets.length; i++) {
      if (sockets[i].addrIndex == this.addrs.length) this.addrs.push(endText(sockets[i].fd.local, sockets[i].fd.kind));
    }
    for (let i = 0; i < loops; i++) this.allLoops.push(new Loop(this, i == 0));
  }

  /** How many loops there are. */
  get loops(): i32 {
    nilCheck(changetype<usize>(this));
    return this.allLoops.length;
  }

  /** The figures of each loop. */
  stats(): LoopStats[] {
    nilCheck(changetype<usize>(this));
    const all: LoopStats[] = [];
    for (let i = 0; i < this.allLoops.length; i++) {
      const loop = this.allLoops[i];
      const stats = new LoopStats();
      stats.connections = connectionsOf(loop);
      stats.accepted = loop.accepted;
      stats.bytesIn = loop.bytesIn;
      stats.bytesOut = loop.bytesOut;
      stats.wakes = loop.wakes;
      stats.turns = loop.turns;
      all.push(stats);
    }
    return all;
  }

  /** Begins to close: no more connections are accepted, those that there are close. Any goroutine, handlers too. */
  shutdown(): void {
    nilCheck(changetype<usize>(this));
    const closing = addressOf(this.closing);
    if (atomic.cmpxchg<i32>(closing, 0, 1) == 0) newproc(stopServer(this));
  }

  /** Waits until the server has closed, for whatever reason. */
  wait(): void {
    this.checkOutside("wait");
    this.over.recv();
  }

  /** Closes the server, and waits until that is done. Handlers say `shutdown`, or return Action.Shutdown. */
  close(): void {
    this.checkOutside("close");
    this.shutdown();
    this.over.recv();
  }

  /** A loop cannot wait for its own end. */
  private checkOutside(what: string): void {
    nilCheck(changetype<usize>(this));
    const self = goid();
    for (let i = 0; i < this.allLoops.length; i++) {
      if (this.allLoops[i].goroutine == self) {
        gopanic("serve: " + what + " in a handler of the server waits for itself: use shutdown");
      }
    }
  }

  // ---- its own

  start(): void {
    const isOver = this.events.serving(this) == Action.Shutdown;
    for (let i = 0; i < this.allLoops.length; i++) {
      this.running.add();
      newproc(runLoop(this, this.allLoops[i]));
    }
    for (let i = 0; i < this.sockets.length; i++) {
      const socket = this.sockets[i];
      if (socket.fd.kind == SocketKind.Packets) {
        const loop = this.allLoops[i % this.allLoops.length];
        loop.adopt(new Conn(socket.fd, loop, socket.addrIndex));
      } else {
        this.accepting.add();
        newproc(accept(this, i));
      }
    }
    if (isOver) this.shutdown();
  }

  /** Gives connections to loops until the listener is closed. */
  acceptAll(index: i32): void {
    const listener = this.sockets[index].fd;
    const addrIndex = this.sockets[index].addrIndex;
    while (true) {
      const result = fdAccept(listener);
      if (result < 0) {
        if (atomic.load<i32>(addressOf(this.closing)) != 0) break;
        // An error of the connection that was to be accepted, or of the network: the next one may be sound.
        sleep(ACCEPT_PAUSE);
        continue;
      }
      const loop = this.choose();
      atomic.add<i32>(addressOf(loop.connections), 1);
      loop.adopt(new Conn(changetype<NetFD>(<usize>result), loop, addrIndex));
    }
    this.accepting.done();
  }

  /** The loop that a new connection goes to. */
  private choose(): Loop {
    const loops = this.allLoops;
    const n = loops.length;
    if (n == 1) return loops[0];
    const balance = this.events.loadBalance;
    if (balance == LoadBalance.Random) return loops[fastrandn(n)];
    if (balance == LoadBalance.RoundRobin) {
      return loops[atomic.add<u32>(addressOf(this.round), 1) % n];
    }
    let best = loops[0];
    for (let i = 1; i < n; i++) if (connectionsOf(loops[i]) < connectionsOf(best)) best = loops[i];
    return best;
  }

  loopEnded(): void {
    this.running.done();
  }

  stopAll(): void {
    for (let i = 0; i < this.sockets.length; i++) {
      const fd = this.sockets[i].fd;
      if (fd.kind != SocketKind.Packets) fdClose(fd);
    }
    this.accepting.wait();
    for (let i = 0; i < this.allLoops.length; i++) this.allLoops[i].stop();
    this.running.wait();
    this.over.close();
  }
}


@inline
function connectionsOf(loop: Loop): i32 {
  return atomic.load<i32>(addressOf(loop.connections));
}

// The bodies of goroutines.

function runLoop(server: Server, loop: Loop): void {
  loop.run();
  server.loopEnded();
}

function accept(server: Server, index: i32): void {
  server.acceptAll(index);
}

function stopServer(server: Server): void {
  server.stopAll();
}
