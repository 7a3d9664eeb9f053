/**
 * What the scheduler tells about itself, in the words of Go's: traces, dumps, deadlocks, leaks, stalls; standard input; and
 * the other scheduler, `--sched gm`.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { buildOf } from "./builds.js";
import { described, root, runSkein, runtime, type Result, type RunOptions } from "./process.js";

const directory = mkdtempSync(path.join(os.tmpdir(), "skein-sched-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function source(name: string): string {
  return path.join("tests", "programs", "cli", "sched", `${name}.ts`);
}

async function run(name: string, procs: number, args: string[], options: RunOptions = {}): Promise<Result> {
  return runSkein(["run", await buildOf(source(name)), "--procs", String(procs), "--", ...args], options);
}

/** A goroutine in a report. */
interface Goroutine {
  readonly id: number;
  readonly state: string;
  /** Functions and `file:line:column`, the innermost first. */
  readonly frames: readonly { readonly name: string; readonly line: number }[];
  readonly creator: number | undefined;
}

/** The goroutines of a deadlock report, a dump or a list of leaks. */
function goroutines(report: string): Goroutine[] {
  return [...report.matchAll(/^goroutine (\d+) \[(.*)\]:\n((?:\S.*\n\t.*\n)*)(?:created in goroutine (\d+)\n)?/gm)].map(
    ([, id, state = "", stack = "", creator]) => ({
      id: Number(id),
      state,
      frames: [...stack.matchAll(/^(\S+)\(.*\n\t(?:.*?:(\d+):\d+)?.*$/gm)].map(([, name = "", line]) => ({
        name,
        line: Number(line),
      })),
      creator: creator === undefined ? undefined : Number(creator),
    }),
  );
}

function innermost({ frames }: Goroutine): string {
  return frames[0]?.name ?? "";
}

/** A line of schedtrace, Skein's or Go's: Go has had `needspinning` since 1.20, and the ticks of the Ps since 1.25. */
const SCHED =
  /^SCHED \d+ms: gomaxprocs=(\d+) idleprocs=(\d+) threads=\d+ spinningthreads=\d+ (?:needspinning=\d+ )?idlethreads=\d+ runqueue=\d+/;
const BRIEF = new RegExp(`${SCHED.source} \\[ ?\\d+(?: \\d+)* ?\\](?: schedticks=\\[ ?\\d+(?: \\d+)* ?\\])?$`);
const DETAILED: readonly RegExp[] = [
  new RegExp(`${SCHED.source} gcwaiting=(?:true|false) nmidlelocked=-?\\d+ stopwait=\\d+ sysmonwait=(?:true|false)$`),
  /^ {2}P\d+: status=\d schedtick=\d+ syscalltick=\d+ m=(?:\d+|nil) runqsize=\d+ gfreecnt=\d+ timerslen=\d+$/,
  /^ {2}M\d+: p=(?:\d+|nil) curg=(?:\d+|nil) mallocing=\d+ throwing=\d+ preemptoff=\S* locks=\d+ dying=\d+ spinning=(?:true|false) blocked=(?:true|false) lockedg=(?:\d+|nil)$/,
  /^ {2}G\d+: status=\d+\([^)]*(?:\([^)]*\))?[^)]*\) m=(?:\d+|nil) lockedm=(?:\d+|nil)$/,
];

/** A Go program that prints such lines, in both forms. */
const GO_PROGRAM = `package main

import "time"

func main() {
	go func() {
		for {
		}
	}()
	time.Sleep(300 * time.Millisecond)
}
`;

/** What Go prints with these settings; undefined if there is no Go. */
function goTrace(settings: string): string | undefined {
  const binary = path.join(directory, process.platform === "win32" ? "trace.exe" : "trace");
  writeFileSync(path.join(directory, "trace.go"), GO_PROGRAM);
  const env = { ...process.env, GOTOOLCHAIN: "local", GOWORK: "off" };
  const build = spawnSync("go", ["build", "-o", binary, "trace.go"], { cwd: directory, env });
  if (build.status !== 0) return undefined;
  const result = spawnSync(binary, { env: { ...process.env, GODEBUG: settings }, encoding: "utf8" });
  assert.equal(result.status, 0, result.stderr);
  return result.stderr;
}

function assertLines(text: string, patterns: readonly RegExp[]): void {
  const lines = text.trimEnd().split("\n");
  for (const line of lines)
    assert.ok(
      patterns.some((pattern) => pattern.test(line)),
      `not as Go's: ${line}`,
    );
  for (const pattern of patterns)
    assert.ok(
      lines.some((line) => pattern.test(line)),
      `no line like ${pattern.source}`,
    );
}

describe(`schedtrace [${runtime}]`, { concurrency: 1 }, () => {
  for (const variable of ["SKEIN_DEBUG", "GODEBUG"]) {
    it(`prints Go's line again and again (${variable})`, async () => {
      let lines: string[] = [];
      let busy: string[] = [];
      // Where the machine has other work the threads may take longer to start than goroutines compute.
      for (let ms = 600; busy.length === 0 && ms <= 10_000; ms *= 4) {
        const result = await run("busy", 3, [String(ms)], { env: { [variable]: "schedtrace=50" } });
        assert.equal(result.code, 0, described(result));
        lines = result.stderr.trimEnd().split("\n");
        assertLines(result.stderr, [BRIEF]);
        assert.ok(lines.length >= 2, described(result));
        busy = lines.filter((line) => SCHED.exec(line)?.[2] === "0");
      }
      assert.ok(busy.length > 0, "while all compute no P is idle");
      for (const line of lines) {
        assert.equal(SCHED.exec(line)?.[1], "3", "gomaxprocs");
        assert.match(line, /\[\d+ \d+ \d+\]$/, "a queue for each P");
      }
    });
  }

  it("prints every P, M and goroutine with scheddetail=1", async () => {
    const wanted = [
      /^ {2}M0: /m,
      /^ {2}G\d+: status=4\(chan receive\) /m,
      /^ {2}G\d+: status=4\(sync\.Mutex\.Lock\) /m,
      /^ {2}G\d+: status=2\(\) m=\d+ /m,
      /^ {2}G\d+: .* lockedm=\d+$/m,
    ];
    let missing = wanted;
    for (let ms = 600; missing.length > 0; ms *= 4) {
      const result = await run("busy", 2, [String(ms), "blocking"], {
        env: { SKEIN_DEBUG: "schedtrace=50,scheddetail=1" },
      });
      assert.equal(result.code, 0, described(result));
      missing = wanted.filter((pattern) => !pattern.test(result.stderr));
      assert.ok(missing.length === 0 || ms < 10_000, `no line like ${missing[0]?.source}: ${described(result)}`);
      if (missing.length === 0) assertLines(result.stderr, DETAILED);
    }
  });

  it("prints nothing unless it is asked to", async () => {
    const result = await run("busy", 2, ["100"], { env: { SKEIN_DEBUG: "schedtrace=0,nonsense=1,scheddetail=x" } });
    assert.equal(result.stderr, "", described(result));
  });

  it("is what Go prints", (t) => {
    const [brief, detailed] = ["schedtrace=50", "schedtrace=50,scheddetail=1"].map(goTrace);
    if (brief === undefined || detailed === undefined) {
      t.skip("go is not on PATH");
      return;
    }
    assertLines(brief, [BRIEF]);
    assertLines(detailed, DETAILED);
  });
});

describe(`reports [${runtime}]`, { concurrency: 2 }, () => {
  for (const procs of [1, 4]) {
    it(`a deadlock shows where each goroutine waits, and for what [procs=${procs}]`, async () => {
      const result = await run("deadlock", procs, []);
      assert.equal(result.code, 2, described(result));
      assert.match(result.stderr, /^fatal error: all goroutines are asleep - deadlock!\n/);
      const waiting = goroutines(result.stderr);
      const lines = readFileSync(path.join(root, source("deadlock")), "utf8").split("\n");
      let marks = 0;
      lines.forEach((text, i) => {
        const state = /\/\/ \[(.*)\]$/.exec(text)?.[1];
        if (state === undefined) return;
        marks++;
        const found = waiting.find((goroutine) => goroutine.state === state);
        assert.ok(found, `nobody is in ${state}: ${described(result)}`);
        assert.equal(found.frames[0]?.line, i + 1, `the line of ${state}: ${described(result)}`);
      });
      assert.equal(waiting.length, marks, described(result));
      assert.equal(waiting[0]?.id, 1, "main comes first");
      assert.equal(waiting[0].state, "sync.WaitGroup.Wait");
      for (const goroutine of waiting.slice(1)) assert.equal(goroutine.creator, 1, described(result));
      const deep = waiting.find(({ state }) => state === "sync.RWMutex.RLock");
      assert.deepEqual(
        deep?.frames.map(({ name }) => name),
        ["deep", "deep", "deep", "deep"],
      );
    });

    it(`SKEIN_DEBUG=leaks=1 lists who can never go on, and nobody else [procs=${procs}]`, async () => {
      const env = { SKEIN_DEBUG: "leaks=1" };
      const result = await run("leaks", procs, ["leaking"], { env });
      assert.equal(result.code, 0, described(result));
      assert.equal(result.stdout, "end\n", described(result));
      const leaked = goroutines(result.stderr).map(innermost).sort();
      const expected =
        "Acquiring BehindAnother DoingOnce InAPool Locking Reading Receiving Receiving Receiving ReceivingFromNull Selecting SelectingNothing Sending SendingToNull Submitting Together Together Waiting WaitingForASignal WithAnothers Writing Writing";
      assert.deepEqual(
        leaked,
        expected.split(" ").map((name) => `leaks${name}`),
        described(result),
      );
      assert.match(result.stderr, /^leaks: 22 goroutines wait for ever\n/, described(result));
      const harsh = await run("leaks", procs, ["leaking"], { env: { SKEIN_DEBUG: "leaks=1,gcstress=7" } });
      assert.deepEqual(goroutines(harsh.stderr).map(innermost).sort(), leaked, described(harsh));
      const none = await run("leaks", procs, ["none"], { env });
      assert.equal(none.stderr, "", described(none));
      const chains = await run("leaks", procs, ["chains"], { env });
      assert.match(chains.stderr, /^leaks: 100000 goroutines wait for ever\n/, "half of all, in chains");
      assert.equal(goroutines(chains.stderr).length, 100_000);
      const profiled = await run("leaks", procs, ["none"], { env: { SKEIN_DEBUG: "heapprofile=16" } });
      assert.match(profiled.stderr, /^heap: .* live\n[^]* Chan<i32>\n[^]* startOthers\n[^]*one each 16 B\.\n$/);
      const unasked = await run("leaks", procs, ["leaking"]);
      assert.equal(unasked.stderr, "", described(unasked));
    });

    it(`SIGQUIT shows every goroutine while every P is busy [procs=${procs}]`, { skip: noSignals() }, async () => {
      const result = await run("busy", procs, ["20000", "blocking"], {
        onStdout: (text, child) => {
          if (text.includes("ready")) setTimeout(() => child.kill("SIGQUIT"), 1000);
        },
      });
      assert.equal(result.code, 2, described(result));
      assert.match(result.stderr, /^SIGQUIT: quit\n/, described(result));
      const all = goroutines(result.stderr);
      const states = new Map(all.map((goroutine) => [innermost(goroutine), goroutine.state]));
      assert.equal(states.get("receives"), "chan receive", described(result));
      assert.equal(states.get("locks"), "sync.Mutex.Lock", described(result));
      assert.equal(states.get("sleeps"), "sleep", described(result));
      assert.equal(states.get("isLocked"), "chan receive, locked to thread", described(result));
      assert.ok(states.has("blocks"), `the one in a blocking call: ${described(result)}`);
      // Whoever has not begun has no stack yet.
      const hogs = all.filter((goroutine) => ["hogs", ""].includes(innermost(goroutine)));
      assert.equal(hogs.length, 2 * procs + 1, `those that compute, main among them: ${described(result)}`);
      assert.ok(hogs.some((goroutine) => innermost(goroutine) === "hogs"));
    });
  }

  it("SKEIN_DEBUG=stall=MS names who holds a P too long, and the function", async () => {
    const result = await run("stall", 1, [], {
      env: { SKEIN_DEBUG: "stall=20" },
      started: (child) => {
        let seen = "";
        child.stderr?.on("data", (text) => {
          seen += String(text);
          if (/^stall: goroutine 3 is at\n.*\n/m.test(seen)) child.kill("SIGINT");
        });
      },
    });
    assert.equal(result.stdout, "", described(result));
    assert.match(result.stderr, /^stall: goroutine 3 has held P0 on M\d+ for \d+ ms$/m, described(result));
    assert.match(result.stderr, /^stall: goroutine 3 is at\nstalls\(/m, described(result));
  });

  it("a program without safepoints has its stalls reported too", async () => {
    const file = path.join(root, source("busy"));
    const result = await runSkein(["run", file, "--no-preempt", "--procs", "1", "--", "2500"], {
      env: { SKEIN_DEBUG: "stall=100" },
      timeoutMs: 60_000,
    });
    assert.match(result.stderr, /^stall: goroutine \d+ has held P0 on M\d+ for \d+ ms$/m, described(result));
  });

  it("no stall is reported of goroutines that make room", async () => {
    const result = await run("busy", 2, ["300"], { env: { SKEIN_DEBUG: "stall=10000" } });
    assert.equal(result.stderr, "", described(result));
  });
});

/** Why a process cannot be sent SIGQUIT here, if it cannot. */
function noSignals(): string | false {
  return process.platform === "win32" ? "there is no SIGQUIT on Windows" : false;
}

describe(`standard input [${runtime}]`, { concurrency: 2 }, () => {
  /** Runs a program whose standard input is what `write` writes to it, in pieces if it likes. */
  async function withInput(how: string, procs: number, ...pieces: string[]): Promise<string> {
    const result = await run("input", procs, [how], {
      keepStdin: true,
      started: ({ stdin }) => {
        void (async () => {
          for (const piece of pieces) {
            await new Promise((resolve) => stdin?.write(piece, resolve));
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          stdin?.end();
        })();
      },
    });
    assert.equal(result.code, 0, described(result));
    assert.equal(result.stderr, "", described(result));
    return result.stdout;
  }

  for (const procs of [1, 2]) {
    const on = `[procs=${procs}]`;

    it(`comes by lines, whatever the pieces it is written in ${on}`, async () => {
      const pieces = ["one\ntwo", " halves\r\n", "\n", "Grü", "ße\nwithout an end"];
      const expected = "<one>\n<two halves>\n<>\n<Grüße>\n<without an end>\nend\n";
      assert.equal(await withInput("echo", procs, ...pieces), expected);
      assert.equal(await withInput("echo", procs), "end\n");
    });

    it(`may be cut in the middle of a letter, and lines may be long ${on}`, async () => {
      const long = "ä".repeat(200_000);
      assert.equal(await withInput("echo", procs, `${long}\nshort\n`), `<${long}>\n<short>\nend\n`);
    });

    it(`goes to several readers, each line to one of them, whole ${on}`, async () => {
      const texts = Array.from({ length: 5000 }, (_, i) => "x".repeat((i * 7) % 300));
      const lines = texts.map((text) => `${text.length}:${text}`);
      const letters = lines.reduce((sum, line) => sum + line.length, 0);
      assert.equal(await withInput("many", procs, lines.join("\n")), `5000 lines, ${letters} letters\n`);
    });

    it(`is waited for without holding a P ${on}`, async () => {
      // Comes when the program has said that it is ready, and some milliseconds have passed.
      const result = await run("input", procs, ["beside"], {
        keepStdin: true,
        onStdout: (text, child) => {
          if (text.includes("ready")) setTimeout(() => child.stdin?.end("a line\n"), 2000);
        },
      });
      assert.equal(result.stdout, "ready\nafter ticks: a line\n", described(result));
    });

    it(`is no deadlock while everybody waits for it ${on}`, async () => {
      const result = await run("input", procs, ["alone"], {
        keepStdin: true,
        onStdout: (text, child) => {
          if (text.includes("ready")) setTimeout(() => child.stdin?.end("late\n"), 300);
        },
      });
      assert.equal(result.stdout, "ready\nlate\n", described(result));
      assert.equal(result.code, 0, described(result));
    });
  }
});

describe(`--sched gm [${runtime}]`, { concurrency: 1 }, () => {
  const examples: [name: string, args: string[], output: RegExp][] = [
    ["hello", [], /^Hello from/],
    ["mandelbrot", ["40"], /^P2\n40 40 255\n/],
    ["primes", ["100"], /\b541\b/],
    ["dining", ["3"], /the table is empty\n$/],
  ];
  for (const [name, args, output] of examples) {
    for (const procs of [1, 4]) {
      it(`runs ${name} as the other scheduler does [procs=${procs}]`, async () => {
        const wasm = await buildOf(path.join("examples", `${name}.ts`));
        const options = ["--sched", "gm", "--procs", String(procs)];
        const result = await runSkein(["run", wasm, ...options, "--", ...args], { timeoutMs: 60_000 });
        assert.equal(result.code, 0, described(result));
        assert.match(result.stdout, output, described(result));
      });
    }
  }

  it("preempts, blocks and reports as well", async () => {
    const wasm = await buildOf(source("deadlock"));
    const result = await runSkein(["run", wasm, "--sched", "gm", "--procs", "2"]);
    assert.equal(result.code, 2, described(result));
    assert.equal(goroutines(result.stderr).length, 10, described(result));
    for (const name of ["blocking", "fairness"]) {
      const program = await buildOf(path.join("tests", "programs", "sched", `${name}.ts`));
      const run = await runSkein(["run", program, "--sched", "gm", "--procs", "2"]);
      assert.equal(run.stdout, "ok\n", described(run));
    }
  });

  it("refuses a scheduler that there is not", async () => {
    const result = await runSkein(["run", source("busy"), "--sched", "fifo"]);
    assert.equal(result.code, 1, described(result));
    assert.match(result.stderr, /gmp.*gm/, described(result));
  });
});
