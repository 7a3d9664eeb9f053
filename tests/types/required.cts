/** The same as a CommonJS module in TypeScript sees it. */
import Piscina = require("skein/piscina");
import { start, type Runtime } from "skein";
import { move, type PiscinaOptions } from "skein/piscina";

const options: PiscinaOptions = { filename: "/worker.js", maxThreads: 2 };
const pool = new Piscina<number, string>(options);
export const text: Promise<string> = pool.run(5);
export const moved: object = move(new ArrayBuffer(8)) as object;
export const queue = new Piscina.FixedQueue();
export const started: Promise<Runtime> = start({ procs: 2 });
// @ts-expect-error it takes numbers
void pool.run("text");
