/** The server of idle.mjs: PORT. It does nothing with its connections. */
import process from "node:process";
import { serve } from "skein";

await serve({ data: () => null }, `tcp://127.0.0.1:${process.argv[2]}`);
