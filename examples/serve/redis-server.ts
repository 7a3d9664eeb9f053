/**
 * A Redis server for the commands below, with pipelining. Text is kept as Latin-1, a character for each byte, so values may be any
 * bytes.
 *
 *     deno run -A examples/serve/redis-server.ts tcp://127.0.0.1:6380
 *     redis-cli -p 6380 set greeting hello
 */
import process from "node:process";
import { Action, InputStream, serve } from "skein";
import { ARGS_MAX, Reader } from "./resp.ts";

interface Entry {
  value: string;
  /** Milliseconds since the epoch; Infinity for ever. */
  expires: number;
}
const entries = new Map<string, Entry>();

function find(key: string): Entry | undefined {
  const entry = entries.get(key);
  if (entry === undefined || entry.expires > Date.now()) return entry;
  entries.delete(key);
  return undefined;
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const bulkAt = (key: string): string => ((entry) => (entry ? bulk(entry.value) : "$-1\r\n"))(find(key));

function info(): string {
  const { rss } = process.memoryUsage();
  return [
    "# Server\r\nredis_version:7.0.0\r\nredis_mode:standalone\r\nloading:0",
    `process_id:${process.pid}\r\nuptime_in_seconds:${Math.floor(process.uptime())}`,
    `\r\n# Memory\r\nused_memory:${rss}\r\n\r\n# Keyspace\r\ndb0:keys=${entries.size}\r\n`,
  ].join("\r\n");
}

const commands: Record<string, { args: [least: number, most: number]; run(args: string[]): string }> = {
  PING: { args: [0, 1], run: ([, text]) => (text === undefined ? "+PONG\r\n" : bulk(text)) },
  ECHO: { args: [1, 1], run: ([, text = ""]) => bulk(text) },
  GET: { args: [1, 1], run: ([, key = ""]) => bulkAt(key) },
  MGET: { args: [1, ARGS_MAX], run: ([, ...keys]) => `*${keys.length}\r\n${keys.map(bulkAt).join("")}` },
  SET: {
    args: [2, 2],
    run([, key = "", value = ""]) {
      entries.set(key, { value, expires: Infinity });
      return "+OK\r\n";
    },
  },
  DEL: {
    args: [1, ARGS_MAX],
    run: ([, ...keys]) => `:${keys.filter((key) => find(key) !== undefined && entries.delete(key)).length}\r\n`,
  },
  EXISTS: { args: [1, ARGS_MAX], run: ([, ...keys]) => `:${keys.filter((key) => find(key) !== undefined).length}\r\n` },
  INCR: {
    args: [1, 1],
    run([, key = ""]) {
      const entry = find(key) ?? { value: "0", expires: Infinity };
      if (!/^-?\d{1,15}$/.test(entry.value)) return "-ERR value is not an integer or out of range\r\n";
      entry.value = String(Number(entry.value) + 1);
      entries.set(key, entry);
      return `:${entry.value}\r\n`;
    },
  },
  EXPIRE: {
    args: [2, 2],
    run([, key = "", seconds = ""]) {
      if (!/^-?\d{1,10}$/.test(seconds)) return "-ERR value is not an integer or out of range\r\n";
      const entry = find(key);
      if (entry) entry.expires = Date.now() + Number(seconds) * 1000;
      return entry ? ":1\r\n" : ":0\r\n";
    },
  },
  DBSIZE: { args: [0, 0], run: () => `:${entries.size}\r\n` },
  // What clients say and ask when they connect.
  INFO: { args: [0, ARGS_MAX], run: () => bulk(info()) },
  CLIENT: { args: [1, ARGS_MAX], run: () => "+OK\r\n" },
  SELECT: { args: [1, 1], run: ([, index]) => (index === "0" ? "+OK\r\n" : "-ERR DB index is out of range\r\n") },
  COMMAND: { args: [0, ARGS_MAX], run: () => "*0\r\n" },
};

function execute(args: string[]): string {
  const name = (args[0] as string).toUpperCase();
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return `-ERR unknown command '${name.slice(0, 32).replace(/[\r\n]/g, " ")}'\r\n`;
  const [least, most] = command.args;
  if (args.length - 1 < least || args.length - 1 > most)
    return `-ERR wrong number of arguments for '${name}' command\r\n`;
  return command.run(args);
}

const server = await serve(
  {
    opened(conn) {
      conn.context = new InputStream();
      return { reuseInputBuffer: true };
    },
    data(conn, input) {
      const stream = conn.context as InputStream;
      const reader = new Reader(stream.begin(input));
      let replies = "";
      try {
        for (let args; reader.at < reader.bytes.length && (args = reader.command()) !== null;) {
          if (args.length > 0) replies += execute(args);
        }
      } catch (error) {
        const out = Buffer.from(`${replies}-ERR Protocol error: ${(error as Error).message}\r\n`, "latin1");
        return { out, action: Action.Close };
      }
      stream.end(reader.at === reader.bytes.length ? null : reader.bytes.subarray(reader.at));
      return Buffer.from(replies, "latin1");
    },
  },
  process.argv[2] ?? "tcp://127.0.0.1:6380",
);
console.log(`listening on ${server.addrs[0]} (${server.stats().poller})`);
process.once("SIGINT", () => void server.close());
process.once("SIGTERM", () => void server.close());
