/**
 * `import { … } from "skein/serve"`: an event-driven server, after evio, whose handlers never leave wasm.
 *
 * A server has loops. A loop is a goroutine that serves many connections, one event after the other: it is preempted, stolen
 * and parked like any other, and holds no thread while there is nothing to do. A connection belongs to one loop for life, so
 * the handlers of one connection never run at once; those of two loops do, and share the Events object, so what they keep
 * there beside constants is a matter for `Atomic` and `Mutex`.
 *
 * A handler may block, but holds up its loop; one that panics ends the program, as any goroutine does. Output is given with
 * `conn.write` and goes out when the handler returns; to a peer that does not take it, bit by bit as it does.
 *
 * Parts: `serve/events.ts` what the user says, `serve/conn.ts` a connection and what waits to go out, `serve/loop.ts` the
 * loop, `serve/connections.ts` what it does for them, `serve/slots.ts` what finds a connection for an event or a wake, `serve/server.ts` listening, balance and the end.
 *
 * On goroutines: the caller's, one that accepts for each listener, and one for each loop, which runs the handlers.
 */
export { Action, Events, LoadBalance, Tick } from "./serve/events";
export { Conn } from "./serve/conn";
export { InputStream } from "./serve/inputstream";
export { LoopStats, serve, Server } from "./serve/server";
export { lastError } from "./runtime/net/errors";
