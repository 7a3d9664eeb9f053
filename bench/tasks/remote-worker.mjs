/** A worker process of remote.mjs; says when it serves. */
const [peer, port] = process.argv.slice(2);
const { serve } = await import(peer);
await serve(Number(port));
process.send("serves");
