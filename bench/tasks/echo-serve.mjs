/** Echo with `serve`: what each connection sends is given back by loops on threads of their own. Args: peer, loops. */
import { serve } from "skein";
import { threads } from "./harness.mjs";

const handlers = new URL(`./peers/echo-handlers.mjs?loops=${threads}`, import.meta.url);
const server = await serve(handlers, "tcp://127.0.0.1:0");
console.log(`LISTEN ${server.addrs[0]}`);
