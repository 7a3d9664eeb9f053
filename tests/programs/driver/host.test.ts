/** A program and the process around it: slow and vanished readers, signals, an idle processor. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { loadSys } from "../../../host/sockets/sys.js";
import { buildOf } from "./builds.js";
import { described, runSkein, runtime } from "./process.js";

const host = path.join("tests", "programs", "cli", "host.ts");

/** What a program whose goroutines all wait may use in a second, in milliseconds. */
const IDLE_LIMIT_MS = 20;
/** Seconds within which the runtime's own threads, which compile on after the program has begun to wait, must settle. */
const SETTLE_SECONDS = 6;

/** The processor time that a process has used, in milliseconds; undefined where there is no /proc. */
function cpuMs(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // After the command's name in parentheses come the state and the rest; utime and stime are the 14th and 15th fields.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const CLOCK_TICK_MS = 10;
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
}

describe(`a program and its host [${runtime}]`, { concurrency: 3 }, () => {
  for (const how of ["sleep", "timers", "blocked", "select"]) {
    for (const procs of ["1", "4"]) {
      it(`a program whose goroutines all ${how === "sleep" ? "sleep" : `wait (${how})`} uses no processor [procs=${procs}]`, async (t) => {
        const wasm = await buildOf(host);
        const measured: number[] = [];
        const result = await runSkein(["run", wasm, "--procs", procs, "--", "idle", how], {
          onStdout: (text, child) => {
            if (!text.includes("asleep")) return;
            void (async () => {
              await delay(500);
              while (measured.length < SETTLE_SECONDS && !measured.some((ms) => ms < IDLE_LIMIT_MS)) {
                const before = cpuMs(child.pid ?? 0);
                await delay(1000);
                const then = cpuMs(child.pid ?? 0);
                if (before === undefined || then === undefined) break;
                measured.push(then - before);
              }
              child.kill("SIGTERM");
            })();
          },
        });
        assert.equal(result.code, 143, described(result));
        if (process.platform !== "linux") {
          t.skip("processor time is read from /proc, which is Linux's");
          return;
        }
        assert.ok(
          measured.some((ms) => ms < IDLE_LIMIT_MS),
          `it used ${measured.join(", ")} ms of processor time in a second each`,
        );
      });
    }
  }

  it("gives memory that it needs no more back to the system", async (t) => {
    const reason = loadSys(new SharedArrayBuffer(8));
    if (typeof reason === "string") {
      t.skip(`the system cannot be told: ${reason}`);
      return;
    }
    const result = await runSkein(["run", await buildOf(host), "--", "peak"]);
    assert.equal(result.stdout, "given back\ngiven back\n", described(result));
  });

  it("waits for a reader that is slow, and loses nothing", async () => {
    const wasm = await buildOf(host);
    let text = "";
    const result = await runSkein(["run", wasm, "--", "lines", "60000"], {
      keepStdout: true,
      started: (child) => {
        const { stdout } = child;
        void (async () => {
          if (stdout === null) return;
          await delay(300);
          for await (const data of stdout) {
            text += String(data);
            if (text.length % 7 === 0) await delay(2);
          }
        })();
      },
    });
    assert.equal(result.code, 0, described(result));
    const lines = text.trimEnd().split("\n");
    assert.equal(lines.length, 60000);
    lines.forEach((line, i) => assert.equal(line, `line ${i}`));
  });

  it("ends when its reader has gone", async () => {
    const wasm = await buildOf(host);
    const result = await runSkein(["run", wasm, "--", "lines", "-1"], {
      keepStdout: true,
      timeoutMs: 60_000,
      started: (child) => child.stdout?.once("data", () => child.stdout?.destroy()),
    });
    assert.notEqual(result.code, 0, described(result));
    assert.doesNotMatch(result.stderr, /panic|\.js:\d/, described(result));
  });

  for (const [how, sentence] of [
    ["sleep", "that sleeps"],
    ["blocked", "with a blocked main"],
    ["compute", "that computes on all Ps"],
  ] as const) {
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
      ...(how === "sleep" ? ([["SIGHUP", 129]] as const) : []),
    ] as const) {
      it(`${signal} ends a program ${sentence}`, async () => {
        const wasm = await buildOf(host);
        const result = await runSkein(["run", wasm, "--procs", "2", "--", "interrupt", how], {
          timeoutMs: 60_000,
          onStdout: (text, child) => {
            if (text.includes("ready")) setTimeout(() => child.kill(signal), 100);
          },
        });
        assert.equal(result.code, code, described(result));
        assert.equal(result.stdout, "ready\n", described(result));
        assert.equal(result.stderr, "", described(result));
        assert.ok(result.elapsedMs < 30_000);
      });
    }
  }
});
