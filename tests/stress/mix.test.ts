/**
 * Runs the mixture of `programs/mix.ts` again and again, on 1 to 8 Ps, each time with another seed.
 *
 * SKEIN_STRESS_SECONDS says for how long (180), SKEIN_STRESS_SEED where the seeds begin (the time of day). The seed of a
 * run that fails is in its name: it gives the same jobs again, though not the same interleaving.
 */
import assert from "node:assert/strict";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { buildOf } from "../programs/driver/builds.js";
import { described, runSkein, type RuntimeName } from "../programs/driver/process.js";

const SECONDS = Number(process.env["SKEIN_STRESS_SECONDS"] ?? 180);
const SEED = Number(process.env["SKEIN_STRESS_SEED"] ?? Date.now());

/** Seconds of one run. */
const RUN = 20;

/** More Ps than processors are as good a test as fewer. */
const PROCS = [2, 1, 4, 8, 3, 5, 6, 7];

describe(`the mixture, ${SECONDS} seconds from seed ${SEED}`, { concurrency: 1 }, () => {
  const runs = Math.max(1, Math.round(SECONDS / RUN));
  for (let i = 0; i < runs; i++) {
    const seed = SEED + i;
    const procs = PROCS[i % PROCS.length] ?? 1;
    const name: RuntimeName = i % 4 === 3 ? "deno" : "node";
    const changing = i % 3 !== 2;
    it(`seed ${seed}, ${changing ? "at first" : "always"} ${procs} Ps, ${name}`, async (t) => {
      const wasm = await buildOf(path.join("tests", "stress", "programs", "mix.ts"));
      const args = [String(Math.min(RUN, SECONDS)), String(seed), ...(changing ? ["changing"] : [])];
      const result = await runSkein(["run", wasm, "--procs", String(procs), "--", ...args], {
        runtime: name,
        timeoutMs: (RUN + 120) * 1000,
      });
      assert.equal(result.code, 0, described(result));
      assert.equal(result.stderr, "", described(result));
      assert.match(result.stdout, /all counts exact/, described(result));
      t.diagnostic(result.stdout.trimEnd().replaceAll("\n", "; "));
    });
  }
});
