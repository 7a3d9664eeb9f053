/**
 * `skein dev`: runs a program, and again whenever one of its files has changed.
 *
 * The compiler stays loaded in this process, and compiles quickly, for the cache, where `skein run` in another process finds it: what the
 * program does with its memory, its threads and signals ends with it. When a while has passed, the optimised build is made beside it, for the next
 * `skein run`; a change ends that.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { watch, type FSWatcher } from "node:fs";
import path from "node:path";
import process from "node:process";
import { EXIT_SIGNALS } from "../base/exitcodes.js";
import { SkeinError } from "../base/errors.js";
import { writeFully } from "../base/stdio.js";
import { compile } from "../compiler/index.js";
import { buildBeside, skeinArguments, type BesideOptions } from "./beside.js";
import { showWarnings } from "./build.js";

/** Editors write a file in several steps, and several files at a time. */
const SETTLE_MS = 20;
/** How long a program runs before its optimised build begins. */
const BESIDE_MS = 2000;

/** Runs the program in `file` until a signal ends it; `args` are what `skein run` takes. Resolves with the exit code. */
export async function devCommand(file: string, args: readonly string[], options: BesideOptions): Promise<number> {
  if (!file.endsWith(".ts")) throw new SkeinError(`${file}: dev takes the .ts file of a program`);
  const development = new Development(file, args, options);
  const signal = await new Promise<keyof typeof EXIT_SIGNALS>((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve(name));
    void development.run();
  });
  await development.end();
  return EXIT_SIGNALS[signal];
}

class Development {
  private program: ChildProcess | null = null;
  private beside: ChildProcess | null = null;
  private besideTimer: NodeJS.Timeout | undefined;
  private settleTimer: NodeJS.Timeout | undefined;
  private readonly watchers = new Map<string, FSWatcher>();
  /** What the program consists of, as far as a build could tell. */
  private files: ReadonlySet<string>;
  private isBroken = false;
  private round = 0;

  constructor(
    private readonly file: string,
    private readonly args: readonly string[],
    private readonly options: BesideOptions,
  ) {
    this.files = new Set([path.resolve(file)]);
  }

  /** Compiles and starts the program, in place of the one that runs. */
  async run(): Promise<void> {
    const own = ++this.round;
    await this.stop();
    if (own !== this.round) return;
    this.watch();
    const began = performance.now();
    try {
      const { preempt, transform } = this.options;
      const { files, stats } = await compile(this.file, { noPreempt: !preempt, transforms: transform, quick: true });
      // While it was compiled another change may have come, or the end.
      if (own !== this.round) return;
      this.isBroken = false;
      this.files = new Set(files.filter((each) => !isInstalled(each)));
      this.watch();
      showWarnings(stats);
      say(`${this.file}, compiled in ${seconds(began)}, runs`);
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error;
      this.isBroken = true;
      writeFully(2, Buffer.from(`${error.message.trimEnd()}\n`));
      say("waiting for a change");
      return;
    }
    const started = performance.now();
    const env = { ...process.env, SKEIN_QUICK: "1" };
    const program = spawn(process.execPath, [...skeinArguments(), "run", ...this.args], { stdio: "inherit", env });
    this.program = program;
    this.besideTimer = setTimeout(() => (this.beside = buildBeside(this.file, this.options)), BESIDE_MS);
    const [code, signal] = (await once(program, "exit")) as [number | null, string | null];
    if (this.program !== program) return;
    this.program = null;
    say(`it has ended with ${signal ?? `exit code ${String(code)}`} after ${seconds(started)}; waiting for a change`);
  }

  /** Ends what runs. */
  private async stop(): Promise<void> {
    clearTimeout(this.besideTimer);
    this.beside?.kill();
    this.beside = null;
    const { program } = this;
    this.program = null;
    if (program === null || program.exitCode !== null || program.signalCode !== null) return;
    const ended = once(program, "exit");
    program.kill("SIGTERM");
    // One that watches for the signal may take its time.
    const impatient = setTimeout(() => program.kill("SIGKILL"), 1000);
    await ended;
    clearTimeout(impatient);
  }

  /** Ends all. */
  async end(): Promise<void> {
    this.round++;
    clearTimeout(this.settleTimer);
    for (const watcher of this.watchers.values()) watcher.close();
    await this.stop();
  }

  /** Watches the folders of the files, since editors put new files in the place of old ones. */
  private watch(): void {
    for (const folder of new Set([...this.files].map((file) => path.dirname(file)))) {
      if (this.watchers.has(folder)) continue;
      const watcher = watch(folder, (_, name) => this.changed(path.join(folder, name ?? "")));
      // A folder that is gone.
      watcher.on("error", () => watcher.close());
      this.watchers.set(folder, watcher);
    }
  }

  private changed(file: string): void {
    // What does not compile may lack a file.
    if (!this.files.has(file) && !(this.isBroken && file.endsWith(".ts"))) return;
    clearTimeout(this.settleTimer);
    this.settleTimer = setTimeout(() => void this.run(), SETTLE_MS);
  }
}

/** Whether a file is of a library, which nobody changes. */
function isInstalled(file: string): boolean {
  const library = path.dirname(path.dirname(process.argv[1] ?? ""));
  return file.split(path.sep).includes("node_modules") || file.startsWith(path.join(library, "assembly") + path.sep);
}

function say(text: string): void {
  writeFully(2, Buffer.from(`skein: ${text}\n`));
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(2)} s`;
}
