/** What both Redis examples are asked, beside what ioredis asks: as bytes, and in bulk. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";

/** Why redis-cli cannot be asked; false if it can. */
export const withoutCli = spawnSync("redis-cli", ["--version"]).status === 0 ? false : "redis-cli is not installed";

/** Sends text, and reads until as much has come as is expected. */
async function ask(socket: Socket, request: string, answer: string): Promise<void> {
  let got = "";
  const take = (chunk: Buffer): void => void (got += chunk.toString("latin1"));
  socket.on("data", take);
  socket.write(request, "latin1");
  const timer = setTimeout(() => socket.destroy(), 10_000);
  while (got.length < answer.length && !socket.destroyed)
    await Promise.race([once(socket, "data"), once(socket, "close")]);
  clearTimeout(timer);
  socket.off("data", take);
  assert.equal(got, answer);
}

/** Answers come before half a command, empty commands get none, and keys and values are any bytes. */
export async function askAsBytes(socket: Socket): Promise<void> {
  socket.on("error", () => {});
  await ask(socket, "\r\n\n  \r\n*0\r\n*-1\r\nPING\r\n*1\r\n$4\r\nPI", "+PONG\r\n");
  await ask(socket, "NG\r\n", "+PONG\r\n");
  const bytes = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");
  const word = `$256\r\n${bytes}\r\n`;
  await ask(socket, `*3\r\n$3\r\nSET\r\n${word}${word}*2\r\n$3\r\nGET\r\n${word}`, `+OK\r\n${word}`);
  const large = "x\r\n".repeat(3 << 20);
  const answer = `+OK\r\n$${large.length}\r\n${large}\r\n`;
  await ask(socket, `*3\r\n$3\r\nSET\r\n$1\r\nl\r\n$${large.length}\r\n${large}\r\nGET l\r\n`, answer);
  await ask(socket, "DEL l\r\n", ":1\r\n");
  socket.destroy();
}

/** `redis-cli --pipe` of many keys. */
export async function pipeKeys(port: number, count: number): Promise<void> {
  const client = spawn("redis-cli", ["-p", String(port), "--pipe"], { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  client.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  for (let from = 0; from < count; from += 10_000) {
    const commands = Array.from({ length: 10_000 }, (_, i) => `SET piped:${from + i} ${from + i}\r\n`).join("");
    if (!client.stdin.write(commands)) await once(client.stdin, "drain");
  }
  client.stdin.end();
  await once(client, "close");
  assert.match(output, new RegExp(`errors: 0, replies: ${count}\\b`));
}
