/** A cluster: tasks and channels that processes share through NATS. */
import { present, refuseClone } from "../base/present.js";
import { checkOptions, shown } from "../base/options.js";
import { onAbort } from "../base/signals.js";
import type { AnyFunction, ResultOf } from "../go/goroutine.js";
import { SkeinError, type Runtime } from "../index.js";
import type { RemoteCall } from "./calls/call.js";
import { Caller, type Large } from "./calls/caller.js";
import { DeadLetters } from "./calls/deadletters.js";
import { callSettings, DEFAULTS, type CallOptions } from "./calls/options.js";
import { makeTasks, remoteName, type RemoteTasks } from "./calls/tasks.js";
import { RemoteChan, type RemoteChanOptions } from "./channels/chan.js";
import { dial, type Connection } from "./connection/dial.js";
import { checkCount, settingsOf, type ConnectOptions } from "./connection/options.js";
import { Store } from "./connection/store.js";
import { ensureConsumers, ensureStreams } from "./connection/streams.js";
import { LargeValues } from "./connection/values.js";
import { serveModule } from "./worker/served.js";
import type { ClusterStats } from "./worker/stats.js";
import { Worker } from "./worker/worker.js";

/** Makes calls. */
export interface RemoteGo {
  /**
   * Stores a call of `task`, a task of `cluster.tasks`; resolves with its result once a worker has run it, at least once.
   *
   * @throws SkeinError if it is no such task; a DataCloneError if an argument cannot travel
   */
  <A extends unknown[], R>(task: (...args: A) => R, ...args: A): RemoteCall<ResultOf<Awaited<R>>>;
  /** The same with options. */
  with<A extends unknown[], R>(
    options: CallOptions,
    task: (...args: A) => R,
    ...args: A
  ): RemoteCall<ResultOf<Awaited<R>>>;
}

/** How modules are served. */
export interface ServeOptions {
  /** How many calls run and wait here at a time. Default: so many that every P of the runtime has work for some milliseconds. */
  readonly concurrency?: number | undefined;
  /** What calls may ask for by `version`. */
  readonly version?: string | undefined;
}

/** A connection to a cluster. Made by `connect`. */
export class Cluster implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #store: Store;
  readonly #large: Large;
  readonly #caller: Caller;
  readonly #workers = new Map<Runtime, Worker>();
  readonly #channels: { leave(): void }[] = [];
  #draining: Promise<void> | undefined;
  /** Makes calls. */
  readonly go: RemoteGo;

  /** @internal */
  constructor(connection: Connection) {
    const { names, settings } = connection;
    this.#connection = connection;
    this.#store = new Store(connection);
    this.#large = {
      args: new LargeValues(connection, names.values),
      results: new LargeValues(connection, names.resultValues, Math.max(settings.keep, settings.keepUnkeyed)),
    };
    this.#caller = new Caller(connection, this.#store, this.#large);
    const call = (options: CallOptions | undefined, task: unknown, args: unknown[]): unknown =>
      this.#caller.call(remoteName(task), args, options === undefined ? DEFAULTS : callSettings(options));
    const go = (task: AnyFunction, ...args: unknown[]): unknown => call(undefined, task, args);
    go.with = (options: CallOptions, task: AnyFunction, ...args: unknown[]): unknown => call(options, task, args);
    this.go = go as unknown as RemoteGo;
    refuseClone(this);
  }

  /** The cluster's name. */
  get name(): string {
    return this.#connection.settings.name;
  }

  /**
   * The functions of a module as tasks for `go`. By name: the workers have the module, under the name by which they serve it.
   */
  tasks<M>(name: string): RemoteTasks<M> {
    return makeTasks<M>(name, (task, args) => this.#caller.call(remoteName(task), args, DEFAULTS));
  }

  /**
   * Makes this process a worker: goroutines of `rt` run the calls of the modules, which are given by name. Resolves once it takes calls.
   *
   * @throws SkeinError if a module cannot be loaded
   */
  async serve(rt: Runtime, modules: Readonly<Record<string, string | URL>>, options: ServeOptions = {}): Promise<void> {
    const { concurrency, version } = checkOptions<ServeOptions>("serve", options, { concurrency: true, version: true });
    if (concurrency !== undefined) checkCount(concurrency, "concurrency", 1);
    if (version !== undefined && typeof version !== "string")
      throw new SkeinError(`version must be a text, not ${shown(version)}`);
    if (typeof modules !== "object" || modules === null || Object.keys(modules).length === 0) {
      throw new SkeinError(
        'serve takes modules by name: cluster.serve(rt, { work: new URL("./work.js", import.meta.url) })',
      );
    }
    if (this.#draining !== undefined) throw new SkeinError("the cluster is closed");
    const served = await Promise.all(Object.entries(modules).map(([name, url]) => serveModule(rt, name, url, version)));
    const { jsm, packages, names, settings } = this.#connection;
    for (const { name } of served) await ensureConsumers(jsm, packages, names, name, settings);
    let worker = this.#workers.get(rt);
    if (worker === undefined) {
      worker = new Worker(this.#connection, this.#store, this.#large, rt, concurrency);
      this.#workers.set(rt, worker);
    }
    for (const module of served) worker.add(module);
  }

  /**
   * A channel that processes share by its name. It stays when they end, until it is deleted.
   *
   * @throws SkeinError if there is one of that name with another capacity
   */
  async chan<T>(name: string, options: RemoteChanOptions = {}): Promise<RemoteChan<T>> {
    const chan = await RemoteChan.open<T>(this.#connection, this.#store, name, options);
    this.#channels.push(chan);
    return chan;
  }

  /** The calls that have failed for good. */
  deadLetters(): DeadLetters {
    return new DeadLetters(this.#connection, this.#store, this.#large);
  }

  /** What this process does in the cluster. */
  stats(): ClusterStats {
    const workers = [...this.#workers.values()].map((worker) => worker.stats);
    const connected = this.#connection.lostAt === undefined && !this.#connection.nc.isClosed();
    return { name: this.name, connected, calls: this.#caller.size, workers };
  }

  /**
   * Ends this process's part: takes no more calls, hands back those that have not begun, lets those that run finish, and closes the
   * connection. Calls made here that have not ended reject; they are run all the same.
   *
   * @param options.signal ends the waiting: what runs is then handed back too, and its goroutines are cancelled
   */
  drain(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return (this.#draining ??= this.#drain(options.signal));
  }

  /** Ends it without waiting for what runs, which is handed back. */
  close(): Promise<void> {
    return this.drain({ signal: AbortSignal.abort() });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }

  async #drain(signal: AbortSignal | undefined): Promise<void> {
    const workers = [...this.#workers.values()];
    const abandon = (): void => {
      for (const worker of workers) worker.abandon();
    };
    const drained = Promise.all(workers.map((worker) => worker.drain()));
    if (signal?.aborted === true) abandon();
    const detach = signal === undefined ? undefined : onAbort(signal, abandon);
    await drained;
    detach?.();
    for (const worker of workers) worker.close();
    for (const chan of this.#channels) chan.leave();
    this.#caller.close(new SkeinError("the cluster is closed: calls that were stored are run all the same"));
    const { nc } = this.#connection;
    // What is acknowledged must have left before the connection ends; without one there is nothing to wait for.
    if (this.#connection.lostAt === undefined) await nc.flush().catch(() => undefined);
    this.#store.close();
    await nc.close();
  }
}

present(Cluster, "Cluster", (cluster) => ({ ...cluster.stats() }), "it is a connection, and no data");

/** Connects to the NATS servers of a cluster, which every process that takes part in it does. */
export async function connect(options: ConnectOptions): Promise<Cluster> {
  const settings = settingsOf(options);
  const connection = await dial(settings);
  try {
    await ensureStreams(connection.jsm, connection.packages, connection.names, settings);
    return new Cluster(connection);
  } catch (error) {
    await connection.nc.close();
    throw error;
  }
}
