/** A worker process of the tests: says when it serves, drains on SIGTERM. */
const [options, work, library] = process.argv.slice(2);
const { start } = await import(library);
const { connect } = await import(new URL("./remote/index.js", library).href);
const rt = await start({ procs: 1 });
const cluster = await connect(JSON.parse(options));
await cluster.serve(rt, { work: new URL(work) }, { concurrency: 4 });
process.on("SIGTERM", () => void cluster.drain().then(() => process.exit()));
process.send("serving");
