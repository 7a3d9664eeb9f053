/**
 * The comment that a test program begins with: a sentence, then what is expected of a run, or of several.
 *
 *     // A panic ends the program.            the sentence, up to the first key
 *     // procs: 1,2                           keys before the first case hold for all of them
 *     //
 *     // case: in main                        begins a case
 *     // args: "two words" plain              $procs is the number of Ps, $program the source file, $long a long text
 *     // stdin: a line                        as stdout; $numbers is 1 to 10000, a line each
 *     // options: --max-memory 64M            options of skein run
 *     // env: NAME=value
 *     // timeout: 60                          seconds; 30 unless given
 *     // exit: 2                              0 unless given
 *     // stdout: a line                       as often as there are lines; a last line with a $ at its end has no newline
 *     // stdout-match: /pattern/
 *     // stdout-check: lines                  a check of run.test.ts
 *     // stderr-match: /pattern/              all must match; without one, standard error must be empty
 *
 * Without any key for standard output it must be `ok` where the exit code is 0, and empty where it is not.
 */

export interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly procs: readonly number[] | undefined;
  readonly timeoutMs: number;
  readonly exit: number;
  readonly stdin: string | undefined;
  readonly stdout: string | undefined;
  readonly stdoutMatch: readonly RegExp[];
  readonly stdoutCheck: string | undefined;
  readonly stderrMatch: readonly RegExp[];
}

type Keys = Map<string, string[]>;

const KEYS = "args env exit options procs stderr-match stdin stdout stdout-check stdout-match timeout".split(" ");

/** Reads the header of a program. */
export function readHeader(source: string): Case[] {
  const defaults: Keys = new Map();
  const cases: [name: string, keys: Keys][] = [];
  for (const line of source.split("\n")) {
    if (!line.startsWith("//")) break;
    const match = /^\/\/ ([a-z-]+):(?: (.*))?$/.exec(line);
    if (match === null) continue;
    const [, key = "", value = ""] = match;
    if (key === "case") cases.push([value, new Map()]);
    else if (KEYS.includes(key)) {
      const keys = cases.at(-1)?.[1] ?? defaults;
      keys.set(key, [...(keys.get(key) ?? []), value]);
    } else throw new Error(`unknown key ${key}`);
  }
  if (cases.length === 0) cases.push(["", new Map()]);
  return cases.map(([name, keys]) => read(name, new Map([...defaults, ...keys])));
}

function read(name: string, keys: Keys): Case {
  const all = (key: string): string[] => keys.get(key) ?? [];
  const one = (key: string): string | undefined => all(key).at(-1);
  const exit = Number(one("exit") ?? 0);
  const stdoutMatch = all("stdout-match").map(pattern);
  const stdoutCheck = one("stdout-check");
  let stdout: string | undefined;
  if (keys.has("stdout")) stdout = lines(all("stdout"));
  else if (stdoutMatch.length === 0 && stdoutCheck === undefined) stdout = exit === 0 ? "ok\n" : "";
  return {
    name,
    args: words(one("args") ?? ""),
    options: words(one("options") ?? ""),
    env: Object.fromEntries(all("env").map((text) => text.split(/=(.*)/s, 2) as [string, string])),
    procs: one("procs")?.split(",").map(Number),
    timeoutMs: Number(one("timeout") ?? 90) * 1000,
    exit,
    stdin: keys.has("stdin") ? lines(all("stdin")) : undefined,
    stdout,
    stdoutMatch,
    stdoutCheck,
    stderrMatch: all("stderr-match").map(pattern),
  };
}

function lines(list: readonly string[]): string {
  if (list.length === 1 && list[0] === "") return "";
  const text = list.join("\n") + "\n";
  return text.replace(/\$\n$/, "");
}

function words(text: string): string[] {
  return (text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map((word) =>
    word.startsWith('"') ? (JSON.parse(word) as string) : word,
  );
}

function pattern(text: string): RegExp {
  const match = /^\/(.*)\/([a-z]*)$/.exec(text);
  if (match === null) throw new Error(`${text} is not a pattern`);
  return new RegExp(match[1] ?? "", match[2]);
}
