// What a task's promise rejects with.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");

(async function () {
  const pool = new Piscina({ filename, minThreads: 1, maxThreads: 1 });
  const told = (promise) =>
    promise.then(
      (value) => console.log("no error", value),
      (error) =>
        console.log(
          error instanceof Error,
          error?.constructor?.name,
          (error?.message ?? error).replace(/\.$|: a function is no value.*/, ""),
        ),
    );
  await told(pool.run("range", { name: "throws" }));
  await told(pool.run("odd", { name: "throws" }));
  await told(pool.run("a string", { name: "throws" }));
  await told(pool.run("later", { name: "rejects" }));
  await told(pool.run(() => {}, { name: "echo" }));
  await told(pool.run(Symbol("s"), { name: "echo" }));
  console.log(
    await pool.run(0, { name: "uncloneable" }).then(
      () => "no error",
      () => "an error",
    ),
  );
  console.log(
    /No handler function exported/.test((await pool.run(0, { name: "none" }).catch((error) => error)).message),
  );
  const missing = path.resolve(__dirname, "workers", "none.cjs");
  console.log(/Cannot find|ENOENT|not found/.test((await pool.run(0, { filename: missing }).catch((e) => e)).message));
  await told(pool.run(0, { name: "echo", filename: 5 }));
  await told(pool.run(0, { name: 5 }));
  await told(pool.run(0, { name: "echo", transferList: 5 }));
  await told(pool.run(0, { name: "echo", signal: 5 }));
  await told(pool.run(0, null));
  await told(new Piscina({ minThreads: 0 }).run(0));
  console.log("after all that", await pool.run("well", { name: "echo" }));
  await pool.destroy();
})();

/* prints
true RangeError out of it
true Error odd
false String a string
true TypeError later
true DOMException () => {} could not be cloned
true DOMException Symbol(s) could not be cloned
an error
true
true
true TypeError filename argument must be a string
true TypeError name argument must be a string
true TypeError transferList argument must be an Array
true TypeError signal argument must be an object
true TypeError options must be an object
true Error filename must be provided to run() or in options object
after all that well
*/
