/**
 * Tasks beyond one machine: calls that NATS JetStream stores, and goroutines of workers run.
 *
 * ```ts
 * import { connect } from "skein/remote";
 * const cluster = await connect({ servers: "nats://127.0.0.1:4222", name: "images" });
 * const work = cluster.tasks<Work>("work");
 * console.log(await cluster.go(work.resize, image, 640));
 * ```
 */
export { connect, type Cluster, type RemoteGo, type ServeOptions } from "./cluster.js";
export type { ConnectOptions } from "./connection/options.js";
export type { RemoteChan, RemoteChanOptions, RemoteWaitOptions } from "./channels/chan.js";
export type { RemoteReceived } from "./channels/received.js";
export type { CallOptions } from "./calls/options.js";
export type { RemoteCall } from "./calls/call.js";
export type { RemoteTask, RemoteTasks } from "./calls/tasks.js";
export type { DeadLetter, DeadLetters } from "./calls/deadletters.js";
export type { WorkerStats } from "./worker/stats.js";
