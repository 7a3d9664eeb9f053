/**
 * `skein vet`: warns of what compiles, and means something else than in Go or TypeScript.
 *
 * A program is parsed and compiled as for a build, but for all that comes after AssemblyScript's compiler; the rules look at its trees, and at
 * what the compiler found out meanwhile. A comment `// vet:ok RULE` in the line, or alone in the one before, silences a rule there.
 */
import type { Node, Range, Source } from "../asc.js";
import { inspectProgram } from "../compile.js";
import { formatWarning, place, type FileNames } from "../diagnostics.js";
import type { Settings } from "../options.js";
import { Facts } from "./facts.js";
import { RULES } from "./rules/index.js";
import { Tree } from "./tree.js";

interface Finding {
  readonly rule: string;
  readonly range: Range;
  readonly message: string;
}

/** What there is to say of the program at `entry`: a text for each place, by the place and the rule. */
export function vetProgram(entry: string, settings: Settings, without: ReadonlySet<string>): Map<string, string> {
  const facts = new Facts();
  let trees: Tree[] = [];
  const names = inspectProgram(
    entry,
    settings,
    (sources) => (trees = sources.map((source) => new Tree(source))),
    (hooks) => facts.install(hooks),
  );
  const texts = new Map<string, string>();
  for (const tree of trees) {
    for (const finding of findingsOf(tree, trees, facts, without).sort(byPlace)) {
      const { range, rule, message } = finding;
      texts.set(`${place(range, names)} ${rule}`, text(range, `${message} [${rule}]`, names));
    }
  }
  return texts;
}

const text = (range: Range, message: string, names: FileNames): string => formatWarning(range, message, names);
const byPlace = (a: Finding, b: Finding): number => a.range.start - b.range.start;

function findingsOf(tree: Tree, trees: readonly Tree[], facts: Facts, without: ReadonlySet<string>): Finding[] {
  const findings: Finding[] = [];
  for (const { name, check } of RULES.filter(({ name }) => !without.has(name))) {
    check({ tree, trees, facts }, ({ range }: Node, message: string) => {
      // What a rule sees of another file is told for that one's sake.
      if (!isSilenced(range, name)) findings.push({ rule: name, range, message });
    });
  }
  return findings;
}

/** Whether a comment silences a rule at a place. */
function isSilenced({ source, start }: Range, rule: string): boolean {
  const line = source.lineAt(start);
  const lines = linesOf(source);
  const before = lines[line - 2] ?? "";
  return [lines[line - 1] ?? "", /^\s*\/\//.test(before) ? before : ""].some((text) => {
    const [, named] = /\/\/.*\bvet:ok\b([\w\s,-]*)/.exec(text) ?? [];
    return named !== undefined && named.split(/[\s,]+/).includes(rule);
  });
}

const lines = new WeakMap<Source, string[]>();

function linesOf(source: Source): string[] {
  let known = lines.get(source);
  if (!known) lines.set(source, (known = source.text.split(/\r?\n/)));
  return known;
}
