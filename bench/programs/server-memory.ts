/**
 * Server-memory: clients send requests over channels to handlers, which answer with as many bytes as were asked for and keep the beginning of each
 * answer in the session's place: 20 MB in use, 10 GB made and dropped. Printed is the process's resident memory in the last half of
 * that, the middle one of many samples, or by how much the greatest exceeds the smallest.
 */
import { Atomic, Chan, go, Millisecond, Mutex, sleep } from "skein";
import { arg, check, resident, result } from "./harness";
import { scattered } from "./lib/tree";

/** Bytes of answers, in MB. */
const wanted = (<i64>arg(0, 10_000)) << 20;
const showsSpread = arg(1, 0) == 1;

const CLIENTS: i32 = 16;
const HANDLERS: i32 = 8;
const SESSIONS: i32 = 20_000;
/** Bytes of an answer that its session keeps. */
const KEPT: i32 = 1000;
/** The longest answer is shorter than so many bytes. */
const LONGEST: u32 = 16_384;

class Request {
  constructor(
    public session: i32,
    public size: i32,
    public reply: Chan<Uint8Array>,
  ) {}
}

class Session {
  requests: i32 = 0;
  latest: Uint8Array | null = null;
}

const sessions = new Map<i32, Session>();
const lock = new Mutex();
const answered = new Atomic<i64>();

function handle(requests: Chan<Request>): void {
  for (let r = requests.range(); r.next();) {
    const request = r.value;
    const answer = new Uint8Array(request.size);
    answer.fill(<u8>request.session);
    lock.lock();
    if (!sessions.has(request.session)) sessions.set(request.session, new Session());
    const session = sessions.get(request.session);
    session.requests++;
    session.latest = answer.slice(0, KEPT);
    lock.unlock();
    request.reply.send(answer);
  }
}

function ask(seed: u32, requests: Chan<Request>, done: Chan<i32>): void {
  const reply = new Chan<Uint8Array>();
  let asked = 0;
  while (answered.load() < wanted) {
    seed = scattered(seed);
    const session = <i32>(seed % SESSIONS);
    const size = KEPT + <i32>((seed >> 8) % (LONGEST - KEPT));
    requests.send(new Request(session, size, reply));
    const answer = reply.recv();
    check(answer.length == size && answer[size - 1] == <u8>session, "the answer");
    answered.add(size);
    asked++;
  }
  done.send(asked);
}

/** The process's resident memory, in MB, from when half of the answers are there until all are. */
function watch(): f64[] {
  const samples = new Array<f64>();
  while (answered.load() < wanted) {
    sleep(20 * Millisecond);
    if (answered.load() > wanted / 2) samples.push(resident());
  }
  return samples.sort();
}

export function main(): void {
  const requests = new Chan<Request>(CLIENTS);
  const done = new Chan<i32>(CLIENTS);
  for (let i = 0; i < HANDLERS; i++) go(handle(requests));
  for (let i = 0; i < CLIENTS; i++) go(ask(i + 1, requests, done));
  const samples = watch();
  let asked = 0;
  for (let i = 0; i < CLIENTS; i++) asked += done.recv();
  requests.close();
  const all = sessions.values();
  for (let i = 0; i < all.length; i++) asked -= all[i].requests;
  check(asked == 0, "the sessions' requests are those of the clients");
  const most = samples[samples.length - 1];
  if (showsSpread) result("%", (100 * (most - samples[0])) / samples[0]);
  else result("MB", samples[samples.length / 2]);
}
