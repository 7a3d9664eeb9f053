/**
 * What stands around the blocks of TypeScript and AssemblyScript of the pages where they run: for each page its blocks in their order. A block that
 * is a whole program stands alone.
 */

export interface Fragment {
  /** Its first line, to tell which it is. */
  readonly begins: string;
  readonly before?: string;
  readonly after?: string;
}

/** A block that Node or Deno runs, its types taken out. */
export interface TypeScript extends Fragment {
  readonly language: "ts";
  /** Files beside it. */
  readonly files?: Readonly<Record<string, string>>;
  /** The block is this file, and `files` has the `main.mjs` that loads it. */
  readonly as?: string;
  readonly prints?: RegExp;
}

/** A block of a goroutine program. All are parts of one program, each with a `main` that is called in its turn. */
export interface AssemblyScript extends Fragment {
  readonly language: "as";
  /** Why it is compiled only. */
  readonly unrun?: string;
}

/** A block that must not compile. */
export interface Wrong extends Fragment {
  readonly language: "wrong";
  readonly message: RegExp;
}

const START = 'import { start } from "skein";\nconst rt = await start({ procs: 2 });\n';
const WORK = {
  "work.js":
    "export const resize = (image, width) => ({ ...image, width });\nexport function* lines(file) { yield file; }\n",
};
const TASKS = `${START}const work = rt.tasks(new URL("./work.js", import.meta.url));\n`;
const IN_LOOP = 'import { run } from "skein";\nawait run(async (loop) => {\n';
const SKEIN = 'import { Atomic, Chan, Mutex, Second, Select, after, defer, go, ok, println, select } from "skein";\n';
const BODY = `${SKEIN}export function main(): void {\n`;

const ts = (begins: string, more: Omit<TypeScript, "language" | "begins"> = {}): TypeScript => {
  return { language: "ts", begins, ...more };
};
const as = (begins: string, more: Omit<AssemblyScript, "language" | "begins"> = {}): AssemblyScript => {
  return { language: "as", begins, ...more };
};

export const FRAGMENTS: Readonly<Record<string, readonly (TypeScript | AssemblyScript | Wrong)[]>> = {
  "README.md": [
    as('import { go, Chan, args, println } from "skein";'),
    as("go(f(a, b));", {
      before: `import { Atomic, Chan, Cond, Microsecond, Millisecond, Mutex, Once, Pool, RWMutex, Second, Select, Semaphore, Ticker, Timer, WaitGroup, after, afterFunc, args, defer, env, eprintln, exit, go, goexit, goid, gomaxprocs, gosched, lockOSThread, now, numGoroutine, ok, print, println, readFile, readLine, readText, recover, select, sleep } from "skein";
        class It { method(a: i32): void {} }
        function f(a: i32, b: i32): void {}
        function use<T>(x: T): void {}
        export function main(): void {
          const object = new It(), numbers = new Chan<i32>(), mutex = new Mutex();
          const a: i32 = 1, b: i32 = 2, n: i32 = 2, size: i32 = 2, d: i64 = Microsecond, code: i32 = 0, text = "text", name = "NAME", path = "/dev/null";\n`,
      after: "}",
      unrun: "it ends its goroutine, and the program",
    }),
    ts('import { start } from "skein";'),
  ],
  "docs/channels.md": [
    ts('import { start } from "skein";', { prints: /^0\n(?:.*\n)*99\n$/ }),
    ts("// program.ts: export function produce", {
      before: 'import { start } from "skein";\nconst rt = await start({ program: "my.wasm" });\n',
      after: "await done; await rt.close();",
      prints: /\n999\n$/,
    }),
    ts('import { after, otherwise, recv, send } from "skein";', {
      before: `${START}const a = rt.chan(), b = rt.chan(1);\n`,
      after: "console.log(index, value, ok, otherwise.kind); await rt.close();",
      prints: /^1 undefined true otherwise\n$/,
    }),
    ts("using _ = await mutex.lock();", {
      before: `${START}const mutex = rt.mutex();\n{`,
      after: "console.log(mutex.tryLock()); }\nconsole.log(mutex.tryLock()); await rt.close();",
      prints: /^false\ntrue\n$/,
    }),
    ts("const context = rt.context().withTimeout(5000);", {
      before: START,
      after: "await rt.close();",
      prints: /^no longer needed\n$/,
    }),
  ],
  "docs/eventloop.md": [
    ts('import { EventLoop, run } from "skein";', { prints: /^a tenth of a second later\na b\n$/ }),
    ts("rt.go(async (handle) => {", {
      before: `${START}import { EventLoop } from "skein";
        const loop = new EventLoop();
        loop.register("progress", (done) => { console.log(done); loop.stop(); });\n`,
      after: "await loop.runForever(); loop.close(); await rt.close();",
      prints: /^5\n$/,
    }),
    ts("const pages = await loop.taskGroup(async (group) => {", {
      before: `${IN_LOOP}const urls = ["a", "b"], download = async (url) => url.toUpperCase(), show = console.log;\n`,
      after: "console.log(pages.join()); });",
      prints: /^A\nB\nA,B\n$/,
    }),
    ts("const server = await loop.startServer(", {
      before: IN_LOOP,
      after: "writer.close(); server.close(); await server.waitClosed(); });",
      prints: /^hello\n\n$/,
    }),
    as('import { Millisecond, println } from "skein";'),
  ],
  "docs/guide.md": [
    as('import { go, Chan, println } from "skein";'),
    as("go(f(a, b));            // a call", {
      before: `${SKEIN}class It { method(a: i32): void {} }\nfunction f(a: i32, b: i32): void {}
        export function main(): void { const a: i32 = 1, b: i32 = 2, object = new It();\n`,
      after: "}",
    }),
    as("function counter(): () => i32 {", {
      before: BODY,
      after: "const next = counter(); next(); println(`counted ${next()}`); }",
    }),
    as("let hits = 0;", { before: SKEIN }),
    {
      language: "wrong",
      begins: "const early = () => late;",
      before: BODY,
      after: "}",
      message: /'late' is declared further down/,
    },
    as("let odd: (n: i32) => bool;", { before: BODY, after: "println(`even ${even(10)}`); }" }),
    as("const ch = new Chan<string>(4);", { before: BODY, after: "}" }),
    as("const s = ch.recv();", { before: `${BODY}const ch = new Chan<string>(); ch.close();\n`, after: "}" }),
    as("for (const s of ch) println(s);", {
      before: `${BODY}const ch = new Chan<string>(1); ch.send("ranged"); ch.close();\n`,
      after: "}",
    }),
    as("select()", {
      before: `${BODY}const numbers = new Chan<i32>(1), words = new Chan<string>(), done = new Chan<bool>(); numbers.send(7);\n`,
      after: "}",
    }),
    as("const cases = new Select();", {
      before: `${BODY}const numbers = new Chan<i32>(1), words = new Chan<string>(), done = new Chan<bool>(); numbers.send(7);\n`,
      after: "}",
    }),
    as("const select = new Select();", {
      before: `${SKEIN}function use<T>(x: T): void {}
        export function main(): void { const a = new Chan<i32>(1), b = new Chan<i32>(1); a.send(1); b.send(2); a.close(); b.close();\n`,
      after: "}",
    }),
    as('import { errorf, printf, println, sprintf } from "skein/fmt";'),
    as('import { println } from "skein/fmt";', { unrun: "it is given no directory" }),
    as('import { Chan, Second, select } from "skein";', { unrun: "it waits for a signal" }),
    as('import { println } from "skein/fmt";'),
    as("add(n: i32): i32 {", {
      before: `${SKEIN}class Sum { sum: i32 = 0; mutex: Mutex = new Mutex(); addLocked(n: i32): i32 { return (this.sum += n); }\n`,
      after: "}\nexport function main(): void { println(new Sum().add(42).toString()); }",
    }),
  ],
  "docs/memory.md": [
    as("import { addCleanup, gc,", {
      before: `class Table { constructor(readonly fd: i32) {} }
        function closeFile(fd: i32): void {}
        export function main(): void { cache.deref(); assert(stats.numGC > 0); }
        const table = new Table(1);\n`,
      after: "setGCPercent(setGCPercent(200)); setMemoryLimit(-1);",
    }),
    ts("console.log(await rt.leaks());", { before: START, after: "await rt.close();" }),
  ],
  "docs/net.md": [as('import { go, println } from "skein";', { unrun: "a server has no end" })],
  "docs/porting.md": [
    as("function send(ctx: Context, out: Chan<i32>, n: i32): bool {", {
      before: `import { Chan, println, select } from "skein"; import { background, Context } from "skein/context";\n`,
      after:
        "export function main(): void { const ch = new Chan<i32>(1); if (send(background(), ch, 5)) println(`sent ${ch.recv()}`); }",
    }),
    as('import { Chan, Millisecond, println, WaitGroup } from "skein";'),
    as("function differences(): void {", {
      before: 'import { println } from "skein";\n',
      after: "export function main(): void { differences(); }",
    }),
  ],
  "docs/production.md": [
    ts('process.once("SIGTERM", async () => {', {
      before: START,
      after: "process.kill(process.pid, 'SIGTERM'); setTimeout(() => process.exit(3), 20_000);",
    }),
  ],
  "docs/serve.md": [
    ts('import { serve } from "skein";', { after: "await server.close();", prints: /127\.0\.0\.1:7000/ }),
    ts("async function sendFile(conn: Conn, file: string) {", {
      before: `import { connect } from "node:net"; import { createReadStream } from "node:fs"; import { serve } from "skein";
        const server = await serve({ opened: (conn) => void sendFile(conn, import.meta.filename ?? process.argv[1]) }, "tcp://127.0.0.1:0");\n`,
      after: `let size = 0;
        for await (const piece of connect(Number(String(server.addrs[0]).split(":").at(-1)), "127.0.0.1")) size += piece.length;
        console.log(size > 500); await server.close();`,
      prints: /^true\n$/,
    }),
    ts("data(conn, input) {", {
      before: `import { connect } from "node:net"; import { serve, InputStream } from "skein";
        const lines = []; const line = (bytes) => lines.push(String(Buffer.from(bytes)));
        const server = await serve({ opened(conn) { conn.context = new InputStream(); },\n`,
      after: `, closed() { console.log(lines.join()); void server.close(); } }, "tcp://127.0.0.1:0");
        connect(Number(String(server.addrs[0]).split(":").at(-1)), "127.0.0.1").end("one\\ntwo\\n").resume();`,
      prints: /^one,two\n$/,
    }),
    ts("// handlers.js: export const loops", {
      before: 'import { serve } from "skein";\n',
      after: "console.log(server.loops >= 1); await server.close();",
      files: { "handlers.js": "export const loops = -1; export function data(conn, input) { return input; }" },
      prints: /^true\n$/,
    }),
    as('import { lastError, serve, Action, Conn, Events } from "skein/serve";', { unrun: "a server has no end" }),
  ],
  "docs/typescript.md": [
    ts('import { start } from "skein";', {
      before: "const image = { width: 1 };\n",
      files: WORK,
      prints: /^\d+ \{ width: 640 \}\n$/,
    }),
    ts("for await (const line of rt.go(work.lines, file))", {
      before: `${TASKS}const file = "a line";\n`,
      after: "await rt.close();",
      files: WORK,
      prints: /^a line\n$/,
    }),
    ts("rt.go.with({ transfer: [buffer]", {
      before: `${TASKS}const buffer = new ArrayBuffer(8), { signal } = new AbortController();\nawait `,
      after: "console.log(buffer.byteLength); await rt.close();",
      files: WORK,
      prints: /^0\n$/,
    }),
    ts('import { context } from "skein";', {
      as: "work.js",
      files: {
        "main.mjs": `${TASKS}console.log(await rt.go(work.download, "data:,hello")); await rt.close();`,
      },
      prints: /^hello\n$/,
    }),
    ts('const trace = rt.trace({ file: "trace.json" });', {
      before: `${TASKS}const images = [{}, {}];\n`,
      after: "await rt.close();",
      files: WORK,
      prints: /events: \d+, lost: 0/,
    }),
  ],
};
