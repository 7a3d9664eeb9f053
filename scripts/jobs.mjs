/**
 * Runs commands, as many at a time as there are slots, and says how far they are.
 *
 * A job is `{ stage, title, command, args, env, needs, slots }`. Jobs begin in their order, but one whose `needs`, other jobs, have
 * not ended lets those behind it pass; `slots` is how many of the slots it takes, 1 unless given. Jobs of a stage need not
 * stand together: what is waited for in one, another computes in.
 *
 * Guarantees: every job ends, those that do not end by themselves after TIMEOUT_MS; what it prints is kept, so that a failure
 * can be shown last.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { clearTimeout, setTimeout } from "node:timers";
import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds that one job may take; the longest takes some three minutes on two processors. */
const TIMEOUT_MS = 20 * 60_000;

/** Milliseconds for what is still in the pipes of a job that has ended. A process that outlives its test holds them for longer. */
const PIPES_MS = 2000;

/** Runs all; resolves with `{ job, output }` of those that failed, in their order. `verbose` passes on what they print, each in one piece. */
export async function runJobs(jobs, { slots, cwd, verbose = false }) {
  const progress = new Progress(jobs, verbose);
  const waiting = [...jobs];
  const ended = new Set();
  const running = new Map();
  const failed = [];
  let free = slots;
  while (waiting.length > 0 || running.size > 0) {
    for (const job of [...waiting]) {
      const wanted = Math.min(job.slots ?? 1, slots);
      if (wanted > free || job.needs?.some((needed) => !ended.has(needed))) continue;
      waiting.splice(waiting.indexOf(job), 1);
      free -= wanted;
      progress.begins(job);
      running.set(
        job,
        runJob(job, cwd, verbose && jobs.length === 1).then((result) => ({ job, wanted, ...result })),
      );
    }
    const { job, wanted, code, output, seconds } = await Promise.race(running.values());
    running.delete(job);
    ended.add(job);
    free += wanted;
    if (code !== 0) failed.push({ job, output });
    progress.ends(job, code === 0, seconds, output);
  }
  progress.clear();
  return failed.sort((a, b) => jobs.indexOf(a.job) - jobs.indexOf(b.job));
}

/** Runs one job to its end; `live` passes on at once what it prints. */
async function runJob({ command, args, env }, cwd, live) {
  const started = performance.now();
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      if (live) process.stdout.write(text);
      output += text;
    });
  }
  const late = setTimeout(() => {
    output += `\nstill running after ${TIMEOUT_MS / 60_000} minutes, killed\n`;
    child.kill("SIGKILL");
  }, TIMEOUT_MS);
  const closed = once(child, "close");
  // A process that cannot be started ends both; the other wait says so.
  closed.catch(() => {});
  let code;
  try {
    [code] = await once(child, "exit");
    await Promise.race([closed, delay(PIPES_MS, undefined, { ref: false })]);
  } catch (error) {
    output += error.message;
  }
  clearTimeout(late);
  child.stdout?.destroy();
  child.stderr?.destroy();
  return { code, output, seconds: (performance.now() - started) / 1000 };
}

/** A line for each job that has ended; on a terminal a last line that changes, and lines of their own for failures only. */
class Progress {
  #started = performance.now();
  #live = process.stdout.isTTY === true;
  /** By stage: its jobs, and how many of them have ended, and failed. */
  #stages = new Map();
  #running = new Set();

  #verbose;

  constructor(jobs, verbose) {
    this.#verbose = verbose;
    for (const { stage } of jobs) {
      const counts = this.#stages.get(stage) ?? { total: 0, done: 0, failed: 0 };
      counts.total++;
      this.#stages.set(stage, counts);
    }
  }

  begins(job) {
    this.#running.add(job);
    this.#show();
  }

  ends(job, passed, seconds, output) {
    const counts = this.#stages.get(job.stage);
    this.#running.delete(job);
    counts.done++;
    if (!passed) counts.failed++;
    const line = `${this.#of(job.stage)} ${job.title}: ${passed ? "" : "FAILED, "}${countsOf(output)}${seconds.toFixed(1)} s`;
    if (this.#verbose && this.#stages.size + counts.total > 2)
      this.#print(`\n== ${job.stage}, ${job.title}\n${output}`);
    if (!this.#live || this.#verbose || !passed) this.#print(line);
    if (counts.done === counts.total) {
      const many = counts.total === 1 ? "" : ` (${counts.total})`;
      const how = counts.failed === 0 ? "passed" : `${counts.failed} of ${counts.total} FAILED`;
      this.#print(`== ${job.stage}${many}: ${how}, ${this.#elapsed()}`);
    }
    this.#show();
  }

  clear() {
    if (this.#live) process.stdout.write("\r\x1b[K");
  }

  #elapsed() {
    const seconds = Math.round((performance.now() - this.#started) / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  #of(stage) {
    const { done, total } = this.#stages.get(stage);
    return `${this.#elapsed()} ${stage} ${done}/${total}`;
  }

  #print(line) {
    this.clear();
    process.stdout.write(`${line}\n`);
  }

  #show() {
    if (!this.#live) return;
    const [first] = this.#running;
    if (first === undefined) return;
    const titles = [...this.#running].map(({ title }) => title).join(", ");
    const line = `${this.#of(first.stage)} ${titles}`.slice(0, (process.stdout.columns || 80) - 1);
    process.stdout.write(`\r${line}\x1b[K`);
  }
}

/** How many tests a file had, if it is one, by what Node or Deno says at its end. */
function countsOf(output) {
  const plain = output.replace(/\x1b\[[0-9;]*m/g, ""); // eslint-disable-line no-control-regex
  const node = /^ℹ tests (\d+)$[^]*^ℹ skipped (\d+)$/m.exec(plain);
  const deno = /(\d+) passed(?: \((\d+) steps\))? \|/.exec(plain);
  if (node !== null) return `${node[1]} tests, ${node[2] === "0" ? "" : `${node[2]} skipped, `}`;
  return deno === null ? "" : `${deno[2] ?? deno[1]} tests, `;
}
