/** What people get wrong, each with the error that names the mistake, and what to do instead where that is known. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { after, EventLoop, recv, serve, start, type Chan, type Runtime, type SelectCase } from "../../host/index.js";
import { rejection, withRuntime } from "../go/fixtures.js";

/** Things of other types than the types allow. */
const wrong = <T>(value: unknown): T => value as T;
const outside = 5;
const work = new URL(
  `data:text/javascript,${encodeURIComponent("export const five = 5; export const twice = (x) => 2 * x;")}`,
);
interface Work {
  five(): number;
  twice(x: number): number;
  thrice(x: number): number;
}

interface Mistake {
  readonly make: (rt: Runtime) => unknown;
  readonly says: string | RegExp;
}

/** Starting, ending, and programs. */
const STARTING: Readonly<Record<string, Mistake>> = {
  "an option spelled wrong": {
    make: () => start(wrong({ prcs: 2 })),
    says: "start has no option prcs: do you mean procs?",
  },
  "two letters of one exchanged": {
    make: () => start(wrong({ pnaic: "exit" })),
    says: /no option pnaic: do you mean panic/,
  },
  "an option that there is not": {
    make: () => start(wrong({ size: 2 })),
    says: /^start has no option size: it has program, procs, /,
  },
  "a path for options": { make: () => start(wrong("x.ts")), says: 'start takes an object of options, not "x.ts"' },
  "null for options": { make: () => start(wrong(null)), says: "start takes an object of options, not null" },
  "an array for options": { make: () => start(wrong([])), says: "start takes an object of options, not an array" },
  "a number as text": {
    make: () => start({ procs: wrong("2") }),
    says: 'procs must be a whole number from 1 to 256, not "2"',
  },
  "no Ps": { make: () => start({ procs: 0 }), says: "procs must be a whole number from 1 to 256, not 0" },
  "fewer threads than Ps": {
    make: () => start({ procs: 2, threads: 1 }),
    says: /threads must be a whole number, at least procs \(2\)/,
  },
  "a word for panic": {
    make: () => start({ panic: wrong("ignore") }),
    says: /panic must be "isolate" or "exit", not "ignore"/,
  },
  "a word for the poller": { make: () => start({ poller: wrong("kqueue") }), says: /poller|kqueue/ },
  "memory as text": {
    make: () => start({ maxMemory: wrong("512M") }),
    says: /limit of memory must be at least .*, not "512M"/,
  },
  "an option of threads spelled wrong": {
    make: () => start({ worker: wrong({ resourceLimit: {} }) }),
    says: "worker has no option resourceLimit: do you mean resourceLimits?",
  },
  "an environment of numbers": { make: () => start({ env: wrong({ A: 5 }) }), says: "env.A must be a text, not 5" },
  "arguments in one text": {
    make: () => start({ args: wrong("a b") }),
    says: 'args must be an array of texts, not "a b"',
  },
  "arguments of run in one text": { make: (rt) => rt.run(wrong("a")), says: 'args must be an array of texts, not "a"' },
  "a number among arguments": { make: (rt) => rt.run(wrong(["a", 5])), says: "args[1] must be a text, not 5" },
  "a handler that is none": {
    make: () => start({ onPanic: wrong("log") }),
    says: 'onPanic must be a function, not "log"',
  },
  "a program that is not there": {
    make: () => start({ program: "./nowhere.ts" }),
    says: "./nowhere.ts: there is no such file",
  },
  "a compiled program that is not there": {
    make: () => start({ program: "./nowhere.wasm" }),
    says: "no such file: ./nowhere.wasm",
  },
  "a program on the net": {
    make: () => start({ program: new URL("https://localhost/x.wasm") }),
    says: "a program is a file, and https://localhost/x.wasm is none: fetch it, and give its bytes",
  },
  "a program that is a number": {
    make: () => start({ program: wrong(5) }),
    says: /a program is given as the path or URL/,
  },
  "bytes that are no module": {
    make: () => start({ program: new Uint8Array(9) }),
    says: "the program is not a WebAssembly module",
  },
  "an export that there is not": {
    make: (rt) => rt.call("add", 1),
    says: /the program exports no function add that can be called/,
  },
  "Ps set to none": { make: (rt) => (rt.procs = 0), says: "procs must be a whole number from 1 to 256, not 0" },
  "a runtime that was closed": {
    make: async () => {
      const rt = await start({ procs: 1 });
      await rt.close();
      return rt.go(() => 1);
    },
    says: "the runtime was closed",
  },
};

/** Functions, their arguments and results. */
const CALLING: Readonly<Record<string, Mistake>> = {
  "no function": {
    make: (rt) => rt.go(wrong(undefined)),
    says: /rt\.go takes a function or a task of rt\.tasks, not a value of type undefined/,
  },
  "the result instead of the function": {
    make: (rt) => rt.go(wrong((() => 5)())),
    says: /rt\.go takes a function .*number/,
  },
  "the promise instead of the function": {
    make: (rt) => rt.go(wrong(Promise.resolve(5))),
    says: /not a promise: give it the function and its arguments, not its result/,
  },
  "the name of the function": {
    make: (rt) => rt.go(wrong("resize")),
    says: /rt\.go takes a function .*, not "resize"/,
  },
  "a variable from outside": {
    make: (rt) => rt.go(() => outside),
    says: /uses outside from outside, which does not exist on another thread: pass it as an argument/,
  },
  "a class": {
    make: (rt) => rt.go(wrong(class A {})),
    says: /A is a class, which cannot be sent .* write it as a function/,
  },
  "a method": {
    make: (rt) => rt.go(Object.values({ double: (x: number) => 2 * x, n(x: number) { return 3 * x; } })[1]!, 1), // prettier-ignore
    says: /n is a method, which cannot be sent/,
  },
  "a bound function": {
    make: (rt) => rt.go((() => 1).bind(null)),
    says: /native or bound function\. Wrap it in a function of your own/,
  },
  "a function of the engine's": { make: (rt) => rt.go(Math.max, 1, 2), says: /max has no source that could be sent/ },
  "a signal as argument": {
    make: (rt) => rt.go((s) => s, new AbortController().signal),
    says: /#<AbortSignal> could not be cloned: give its signal to rt\.go\.with\(\{ signal \}, …\), and take context\(\)\.signal inside/,
  },
  "a promise as argument": {
    make: (rt) => rt.go((p) => p, wrong<number>(Promise.resolve(1))),
    says: "#<Promise> could not be cloned: await it first",
  },
  "a promise in an argument": {
    make: (rt) => rt.go((p) => p, { a: [wrong<number>(Promise.resolve(1))] }),
    says: "#<Promise> could not be cloned (at value.a[0]): await it first",
  },
  "a function as argument": { make: (rt) => rt.go((f) => f(), () => 1), says: /could not be cloned: a function is no value to send: have a module export it/ }, // prettier-ignore
  "a function in an argument": {
    make: (rt) => rt.go((o) => o, { a: { callback: () => 1 } }),
    says: /could not be cloned \(at value\.a\.callback\): a function is no value to send/,
  },
  "a symbol as argument": { make: (rt) => rt.go((s) => s, Symbol("x")), says: "Symbol(x) could not be cloned" },
  "a WeakMap as argument": { make: (rt) => rt.go((m) => m, new WeakMap()), says: "#<WeakMap> could not be cloned" },
  "a function as result": {
    make: (rt) => rt.go(() => () => 1),
    says: /could not be cloned: a function is no value to send/,
  },
  "a method in the result": {
    make: (rt) => rt.go(() => ({ f: () => 1 })),
    says: /could not be cloned \(at value\.f\)/,
  },
  "a channel of another runtime": {
    make: async (rt) => {
      await using other = await start({ procs: 1 });
      return await rt.go((ch) => ch.close(), other.chan<number>());
    },
    says: /a Chan of another runtime/,
  },
  "iteration of what is no generator": {
    make: async (rt) => {
      for await (const n of rt.go(wrong<() => Generator<number>>(() => [1, 2]))) assert.fail(String(n));
    },
    says: /takes what a generator yields, and .* is none: await the goroutine to have its result, or write function\*$/,
  },
  "an option of a call spelled wrong": {
    make: (rt) => rt.go.with(wrong({ singal: 1 }), () => 1),
    says: "rt.go.with has no option singal: do you mean signal?",
  },
  "a signal that is none": {
    make: (rt) => rt.go.with({ signal: wrong(5) }, () => 1),
    says: "signal must be an AbortSignal",
  },
  "a time as text": {
    make: (rt) => rt.go.with({ timeout: wrong("5s") }, () => 1),
    says: 'timeout must be a number of milliseconds, not "5s"',
  },
  "one buffer instead of a list": {
    make: (rt) => rt.go.with({ transfer: wrong(new ArrayBuffer(1)) }, () => 1),
    says: "transfer must be an array",
  },
  "the function before the options": {
    make: (rt) =>
      rt.go.with(
        wrong(() => 1),
        wrong({}),
      ),
    says: "rt.go.with takes its options first: rt.go.with({ signal }, fn, ...args)",
  },
  "a module by a relative path": {
    make: (rt) => rt.tasks("./work.js"),
    says: /"\.\/work\.js" is no absolute URL, .* use new URL\("\.\/work\.js", import\.meta\.url\)/,
  },
  "a module that is not there": {
    make: (rt) => rt.tasks<Work>(new URL("./nowhere.mjs", import.meta.url)).twice(1),
    says: /cannot load the module file:.*nowhere\.mjs/,
  },
  "an export that no module has": {
    make: (rt) => rt.tasks<Work>(work).thrice(1),
    says: /exports no function thrice; it exports twice/,
  },
  "an export that is no function": { make: (rt) => rt.tasks<Work>(work).five(), says: /five of .* is no function/ },
};

/** Channels, locks, loops and servers. */
const SHARING: Readonly<Record<string, Mistake>> = {
  "a channel of negative size": {
    make: (rt) => rt.chan(-1),
    says: /a channel's capacity must be a whole number from 0 to \d+, not -1/,
  },
  "a channel's size as text": { make: (rt) => rt.chan(wrong("5")), says: /capacity must be .*, not "5"/ },
  "a channel of a type that there is not": {
    make: (rt) => rt.chan(1, { type: wrong("i16") }),
    says: "a channel's type is one of any, f64, i32, i64, bytes, not i16",
  },
  "a send on a closed channel": {
    make: (rt) => {
      const ch = rt.chan<number>(1);
      ch.close();
      return ch.send(1);
    },
    says: "send on closed channel",
  },
  "closing twice": {
    make: (rt) => {
      const ch = rt.chan<number>(1);
      ch.close();
      ch.close();
    },
    says: "close of closed channel",
  },
  "sending a function": {
    make: (rt) => rt.chan<() => number>(1).send(wrong(() => 1)),
    says: /could not be cloned: a function is no value to send/,
  },
  "blocking the main thread by a send": {
    make: (rt) => rt.chan<number>(1).sendSync(1),
    says: /sendSync would block the main thread/,
  },
  "blocking the main thread by a receive": {
    make: (rt) => rt.chan<number>(1).recvSync(),
    says: /recvSync would block the main thread/,
  },
  "a select without an array": {
    make: (rt) => rt.select(wrong<[]>(rt.chan(1))),
    says: /a select takes an array of its cases|none: use recv/,
  },
  "a channel as a case": {
    make: (rt) => rt.select([wrong<SelectCase>(rt.chan(1))]),
    says: /case 0 of the select is none: use recv\(ch\), send\(ch, v\)/,
  },
  "a case of no channel": {
    make: (rt) => rt.select([recv(wrong<Chan<number>>(5))]),
    says: /case 0 of the select is none of a runtime's objects/,
  },
  "a time in a select as text": {
    make: (rt) => rt.select([after(wrong("5"))]),
    says: 'after takes a number of milliseconds, not "5"',
  },
  "an unlock without a lock": { make: (rt) => rt.mutex().unlock(), says: "sync: unlock of unlocked mutex" },
  "done too often": { make: (rt) => rt.waitGroup().done(), says: "sync: negative WaitGroup counter" },
  "released too often": { make: (rt) => rt.semaphore(1).release(), says: /semaphore: released more than was acquired/ },
  "more tickets than there are": { make: (rt) => rt.semaphore(1).acquire(5), says: /tickets .* from 0 to 1, not 5/ },
  "a loop that calls a number": {
    make: () => new EventLoop().callSoon(wrong(5)),
    says: /callable object was expected, got 5/,
  },
  "a loop's arguments exchanged": { make: () => new EventLoop().callLater(wrong(() => 1), wrong(5)), says: /the delay must be a number of milliseconds/ }, // prettier-ignore
  "an option of a queue as Python spells it": {
    make: () => new EventLoop().queue(wrong({ maxsize: 5 })),
    says: "queue has no option maxsize: do you mean maxSize?",
  },
  "a limit instead of its option": {
    make: () => new EventLoop().wait([], wrong(5)),
    says: "wait takes an object of options, not 5",
  },
  "a server of no address": { make: () => serve({}), says: /nothing to serve: give addresses/ },
  "a server of another protocol": {
    make: () => serve({}, "http://x"),
    says: /there is no network http; there are tcp,/,
  },
};

for (const [of, mistakes] of Object.entries({ STARTING, CALLING, SHARING })) {
  describe(`a mistake in ${of.toLowerCase()}`, () => {
    it("is named", () =>
      withRuntime(async (rt) => {
        for (const [what, { make, says }] of Object.entries(mistakes)) {
          const error = await rejection((async () => await make(rt))());
          const message = error instanceof Error ? error.message : String(error);
          if (typeof says === "string") assert.equal(message, says, what);
          else assert.match(message, says, what);
        }
      }));
  });
}
