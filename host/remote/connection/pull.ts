/**
 * Taking messages from a consumer, so many at a time as there is room for.
 *
 * The consumers of the client's own library ask for more as soon as what they asked for has arrived; here it is asked for when
 * there is room, so that what waits waits on the server, where other workers can have it.
 */
import type { Msg, Subscription } from "@nats-io/transport-node";
import type { Connection } from "./dial.js";
import { NS_PER_MS } from "./streams.js";

/** How long a request waits on the server, in milliseconds. */
const EXPIRES_MS = 30_000;
/** How much later than it should have ended a request counts as lost, in milliseconds. */
const LATE_MS = 5000;
/** How long to wait before asking again where the server could not answer, in milliseconds. */
const AGAIN_MS = 250;

/**
 * Where nothing comes it is looked whether there is something: a server that was killed remembers deliveries of messages that it has no more. It
 * skips one of them each time that something wakes the consumer, so many together hold up all that wait behind them, which more requests end.
 * How often it is looked, in milliseconds: soon after the connection was there anew, and so many times later otherwise; how many requests wake it,
 * and how often in a row.
 */
const LOOK_MS = 250;
const SELDOM = 40;
const AFTERMATH_MS = 30_000;
const WAKES = 4;
const MOST_ROUNDS = 256;
const WAKE_EXPIRES_MS = 100;

const encoder = new TextEncoder();

/** A message that must be answered. */
export interface Delivery {
  readonly data: Uint8Array;
  readonly msg: Msg;
  /** How often it has been delivered, this time included. */
  readonly count: number;
  /** Its number in the stream. */
  readonly seq: number;
  /** It is done. */
  ack(): void;
  /** It is to be delivered again, after some milliseconds. */
  nak(delay?: number): void;
  /** It is being worked on. */
  working(): void;
}

/** What a puller is to do with what comes. */
export interface PullEvents {
  delivered(delivery: Delivery): void;
  /** Requests have ended, so that there may be room to ask again. */
  ended(): void;
}

interface Request {
  left: number;
  readonly deadline: number;
}

export class Puller {
  private readonly inbox: string;
  private readonly subscription: Subscription;
  private readonly requests = new Map<string, Request>();
  private readonly timer: NodeJS.Timeout;
  private readonly reset = (): void => this.forgetAll();
  private next = 0;
  /** For how many looks nothing has come. */
  private quiet = 0;
  private connectedAt = performance.now();
  private isLooking = false;
  private isStopped = false;
  /** Messages that were asked for and have not come. */
  requested = 0;

  constructor(
    private readonly connection: Connection,
    private readonly stream: string,
    private readonly consumer: string,
    private readonly events: PullEvents,
  ) {
    const { nc, packages } = connection;
    this.inbox = packages.transport.createInbox();
    this.subscription = nc.subscribe(`${this.inbox}.*`, {
      callback: (error, msg) => {
        if (error === null) this.arrived(msg);
      },
    });
    connection.onReconnect.add(this.reset);
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
  }

  /** Asks for up to `n` more. */
  request(n: number, expiresMs = EXPIRES_MS): void {
    if (this.isStopped || n <= 0) return;
    const reply = `${this.inbox}.${this.next++}`;
    this.requests.set(reply, { left: n, deadline: performance.now() + expiresMs + LATE_MS });
    this.requested += n;
    const wish = JSON.stringify({ batch: n, expires: expiresMs * NS_PER_MS });
    this.connection.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${this.stream}.${this.consumer}`, encoder.encode(wish), {
      reply,
    });
  }

  /** Asks for no more, and hears no more; what comes all the same is delivered to somebody else. */
  stop(): void {
    this.isStopped = true;
    this.subscription.unsubscribe();
    this.connection.onReconnect.delete(this.reset);
    clearInterval(this.timer);
  }

  private arrived(msg: Msg): void {
    if (msg.reply?.startsWith("$JS.ACK.") === true) return this.message(msg);
    // A status: the request has ended.
    const request = this.requests.get(msg.subject);
    if (request === undefined) return;
    this.requests.delete(msg.subject);
    this.requested -= request.left;
    const hasExpired = msg.headers?.code === 408 || msg.headers?.code === 404;
    if (hasExpired) this.events.ended();
    else this.later();
  }

  private message(msg: Msg): void {
    this.quiet = 0;
    // The server serves requests in their order.
    const [oldest] = this.requests;
    if (oldest !== undefined) {
      const [reply, request] = oldest;
      this.requested--;
      if (--request.left === 0) this.requests.delete(reply);
    }
    this.events.delivered(deliveryOf(this.connection, msg));
  }

  /** A new connection: the server knows nothing of what was asked before. */
  private forgetAll(): void {
    this.requests.clear();
    this.requested = 0;
    this.quiet = 0;
    this.connectedAt = performance.now();
    this.events.ended();
  }

  private look(): void {
    const now = performance.now();
    let isLate = false;
    for (const [reply, { left, deadline }] of this.requests) {
      if (deadline > now) continue;
      this.requests.delete(reply);
      this.requested -= left;
      isLate = true;
    }
    if (isLate) this.events.ended();
    const isAftermath = now - this.connectedAt < AFTERMATH_MS;
    if (this.requested === 0) return;
    this.quiet++;
    if (isAftermath ? this.quiet > 1 : this.quiet % SELDOM === 0) void this.wake(isAftermath);
  }

  /** Wakes a consumer that has something and gives nothing. */
  private async wake(isAftermath: boolean): Promise<void> {
    if (this.isLooking || this.connection.lostAt !== undefined) return;
    this.isLooking = true;
    for (let round = 0; round < MOST_ROUNDS && this.quiet > 0 && !this.isStopped; round++) {
      const info = await this.connection.jsm.consumers.info(this.stream, this.consumer).catch(() => undefined);
      // What is delivered and not acknowledged may well be worked on; what nobody has been given while somebody asks is held up.
      const isHeldUp = (info?.num_pending ?? 0) > 0;
      const mayBe = isAftermath && round === 0 && (info?.num_ack_pending ?? 0) > 0;
      if (!isHeldUp && !mayBe) break;
      for (let i = 0; i < WAKES; i++) this.request(1, WAKE_EXPIRES_MS);
    }
    this.isLooking = false;
  }

  private later(): void {
    setTimeout(() => !this.isStopped && this.events.ended(), AGAIN_MS);
  }
}

/** The message as what must be answered; its reply's subject says how often and where from. */
function deliveryOf({ nc }: Connection, msg: Msg): Delivery {
  const reply = msg.reply!;
  const parts = reply.split(".");
  // $JS.ACK.[domain.account.]stream.consumer.delivered.sequence.…
  const first = parts.length > 9 ? 6 : 4;
  let isAnswered = false;
  const answer = (text: string): void => {
    if (isAnswered || nc.isClosed()) return;
    isAnswered = text !== "+WPI";
    nc.publish(reply, text);
  };
  return {
    data: msg.data,
    msg,
    count: Number(parts[first]),
    seq: Number(parts[first + 1]),
    ack: () => answer("+ACK"),
    nak: (delay) =>
      answer(
        delay === undefined || delay <= 0 ? "-NAK" : `-NAK ${JSON.stringify({ delay: Math.ceil(delay * NS_PER_MS) })}`,
      ),
    working: () => answer("+WPI"),
  };
}
