/**
 * Asking the server, and waiting for its answer.
 *
 * `request` of the client's library makes two errors with their stacks for each question, in case they are needed: a fifth of what
 * a call costs. Here one subscription takes all answers, and one timer looks for those that are late.
 */
import type { Msg, MsgHdrs, Subscription } from "@nats-io/transport-node";
import type { Connection } from "./dial.js";

/** How long an answer may take, in milliseconds, and how often that is looked at. */
const LATE_MS = 3000;
const LOOK_MS = 500;

/** No answer: nobody is there who could give one, or none came in time. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
}

interface Question {
  readonly subject: string;
  readonly deadline: number;
  readonly resolve: (msg: Msg) => void;
  readonly reject: (error: Error) => void;
}

export class Questions {
  private readonly inbox: string;
  private readonly subscription: Subscription;
  private readonly asked = new Map<string, Question>();
  private timer: NodeJS.Timeout | undefined;
  private next = 0;
  private isClosed = false;
  /** What was asked over a connection that is no more is not answered. */
  private readonly lost = (): void => {
    const questions = [...this.asked.values()];
    this.asked.clear();
    clearInterval(this.timer);
    this.timer = undefined;
    for (const { subject, reject } of questions)
      reject(new NoAnswer(`the connection was lost before ${subject} was answered`));
  };

  constructor(private readonly connection: Connection) {
    const { nc, packages } = connection;
    this.inbox = packages.transport.createInbox();
    connection.onReconnect.add(this.lost);
    this.subscription = nc.subscribe(`${this.inbox}.*`, {
      callback: (error, msg) => {
        if (error === null) this.answered(msg);
      },
    });
  }

  ask(subject: string, payload: Uint8Array, headers?: MsgHdrs): Promise<Msg> {
    const token = (this.next++).toString(36);
    if (this.isClosed) return Promise.reject(new NoAnswer("the connection is closed"));
    return new Promise((resolve, reject) => {
      this.connection.nc.publish(subject, payload, { reply: `${this.inbox}.${token}`, ...(headers && { headers }) });
      this.asked.set(token, { subject, deadline: performance.now() + LATE_MS, resolve, reject });
      this.timer ??= setInterval(() => this.lookForLate(), LOOK_MS);
    });
  }

  close(): void {
    this.isClosed = true;
    this.connection.onReconnect.delete(this.lost);
    this.subscription.unsubscribe();
    this.lost();
  }

  private answered(msg: Msg): void {
    const token = msg.subject.slice(this.inbox.length + 1);
    const question = this.asked.get(token);
    if (question === undefined) return;
    this.over(token);
    if (msg.data.byteLength === 0 && msg.headers?.code === 503)
      question.reject(new NoAnswer(`nobody answers ${question.subject}`));
    else question.resolve(msg);
  }

  private lookForLate(): void {
    const now = performance.now();
    for (const [token, { deadline, subject, reject }] of this.asked) {
      if (deadline > now) break; // they are in the order in which they were asked
      this.over(token);
      reject(new NoAnswer(`no answer to ${subject} within ${LATE_MS} ms`));
    }
  }

  private over(token: string): void {
    this.asked.delete(token);
    if (this.asked.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
