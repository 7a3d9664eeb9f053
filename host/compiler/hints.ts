/**
 * Forms of TypeScript that are not to be had here, and what to write instead. AssemblyScript's parser, which does not know them, says of most that an
 * expression or identifier is expected. So they are told by the text around the place where it says that.
 */

interface Form {
  /** What ends where the error is, and what begins there. */
  readonly before?: RegExp;
  readonly after?: RegExp;
  /** What AssemblyScript says. */
  readonly message?: RegExp;
  /** What to say; `$1` is what the first group of `message` has. */
  readonly say: string;
}

const FORMS: readonly Form[] = [
  {
    before: /(?:^|[;{}])\s*\w+$/,
    after: /^:\s*\{/,
    say: "blocks have no labels here: put the block into a function, and return from that",
  },
  { before: /\?$/, after: /^\./, say: "there is no '?.' here: ask first, as in if (x) x.f(), or x ? x.a : null" },
  {
    after: /^async\b/,
    say: "there is no 'async' here: a function may block, which stops its goroutine alone; go(f()) runs it beside others",
  },
  { after: /^await\b/, say: "there is no 'await' here: call the function, which blocks this goroutine alone" },
  {
    before: /[(,]\s*\{[\w\s,:]*$/,
    after: /^[},:]/,
    say: "parameters are not taken apart: name it, and use its fields",
  },
  {
    message: /^Identifier expected/,
    after: /^[(,]\s*\{/,
    say: "parameters are not taken apart: name it, and use its fields",
  },
  { after: /^\{\s*\.\.\./, say: "objects cannot be spread: make a new one, and copy the fields" },
  {
    message: /^Expected \d+ arguments/,
    after: /^[\w.]+\(\s*\.\.\./,
    say: "arguments are not taken from an array: f(a[0], a[1])",
  },
  { message: /Spread operator/, say: "arrays cannot be spread here: a.concat(b), or push in a loop" },
  {
    before: /\bfunction\s*$/,
    after: /^\*/,
    say: "there are no generators: have a goroutine send into a channel, and receive with for (const x of channel)",
  },
  {
    message: /union types/,
    say: "there are no union types but with null: use a class with subclasses and instanceof, or a field for each",
  },
  {
    message: /^The 'this' types/,
    before: /\$\{[^}]*$/,
    say: 'what may be null is no text: ${s !== null ? s : "null"}',
  },
  { message: /^The 'this' types/, say: "a method is no value without its object: () => object.f()" },
  {
    message: /^Type '.+ \| null' is not assignable to type '/,
    before: /\bfor\s*\([^;]*;[^;]*;[^;)]*$/,
    say: "this may be null, and the loop's variable never is: declare it with its type, as in for (let n: Node | null = head; n; n = n.next)",
  },
  {
    message: /^Property '(.+)' has no initializer/,
    say: "'$1' has no initializer and no value before 'this' is used: give it one where it is declared, as in cond: Cond = new Cond(this.mu)",
  },
  { message: /circularly references itself/, say: "a type cannot contain itself: use a class or an interface" },
  {
    message: /^Type '(?:~lib\/string\/)?String' is not assignable to type 'i32'/,
    before: /\benum\s+\w+\s*\{[^}]*$/,
    say: "an enum has numbers: for texts, use constants in a namespace",
  },
  { message: /Invalid character/, after: /^#\w/, say: "there are no names with '#': write private x" },
  {
    message: /^Function implementation is missing/,
    say: "functions have no overloads: give each another name, or the parameters default values",
  },
  {
    message: /^Type expected/,
    before: /\binterface\s[^}]*$/,
    after: /^[gs]et\s/,
    say: "an interface has no getters of this form: write x: T, which a getter of the class fulfils",
  },
  {
    message: /expected/,
    before: /\[$/,
    after: /^Symbol\b/,
    say: "there is no Symbol.iterator: give out an array, or a channel, for for…of",
  },
  {
    message: /Regular expressions/,
    say: "there are no regular expressions: indexOf, startsWith, split, or a loop over the text",
  },
  {
    message: /^Cannot find name 'JSON'/,
    say: "there is no JSON object: encode(x) and decode<T>(text) of skein/json take classes",
  },
  {
    message: /^Cannot find name '(?:any|unknown)'/,
    say: "every value has a type here: name it, or make the function generic",
  },
  { message: /^Cannot find name 'Promise'/, say: "there are no promises: go(f()), and a channel for the result" },
  {
    before: /\bfor\s*\(\s*(?:const|let|var)\s+$/,
    after: /^\w+\s+in\b/,
    message: /initialized|expected/,
    say: "there is no for…in: for (const key of map.keys()), for (let i = 0; i < list.length; i++)",
  },
  { message: /^Type '<object>'/, say: "an object has a class here: const p: Point = { x: 1, y: 2 }, with class Point" },
  {
    message: /^Type expected/,
    after: /^\{/,
    say: "a type of objects is a class: class Options { a: i32 = 0; b: i32 = 0 }",
  },
  { message: /^Type expected/, after: /^readonly\b/, say: "there are no readonly arrays: leave out readonly" },
  { message: /^Type expected/, after: /^\[/, say: "there are no tuples: use a class with a field for each" },
  {
    message: /^Optional parameter must have/,
    say: "a parameter that may be left out has a value for that: b: i32 = 0, or b: T | null = null",
  },
  { after: /^static\s*\{/, say: "there are no static blocks: give fields their values where they are declared" },
  { before: /\bcatch\s*\(\s*$/, after: /^\w+\s*:/, say: "what is caught is an Error, without a type: catch (e)" },
  { after: /^satisfies\b/, say: "there is no 'satisfies': declare the variable with its type" },
  { message: /Const assertion/, say: "there is no 'as const': leave it out" },
  {
    message: /numeric literal|Unexpected token/,
    before: /\d$/,
    after: /^n\b/,
    say: "there are no bigints: use i64 or u64",
  },
  { message: /^Cannot find name 'undefined'/, say: "there is no undefined: null; of a map, ask m.has(key)" },
  {
    message: /^Cannot find name 'set(?:Timeout|Interval|Immediate)'/,
    say: "there are no timers of JavaScript's: sleep(d), afterFunc(d, f(x)), new Ticker(d) of skein",
  },
  { message: /^Cannot find name 'delete'/, say: "fields cannot be deleted: assign null, or use a Map" },
];

/** How far from the error a form is looked for. */
const REACH = 200;

/** What to say of an error at a place instead of `message`; null for that. */
export function hintOf(message: string, text: string, at: number): string | null {
  const before = text.slice(Math.max(0, at - REACH), at);
  const after = text.slice(at, at + REACH);
  const form = FORMS.find(
    (form) =>
      (form.message ?? /expected/).test(message) &&
      (form.before?.test(before) ?? true) &&
      (form.after?.test(after) ?? true),
  );
  if (!form) return implementsHint(message, text);
  const [, named = ""] = form.message?.exec(message) ?? [];
  return form.say.replace("$1", () => named.replace(/^.*\//, "").replace("#", "."));
}

/** A class that only looks like the interface that is wanted. */
function implementsHint(message: string, text: string): string | null {
  const [, given, wanted] =
    /^Type '(?:[\w.@~-]+\/)*(\w+)' is not assignable to type '(?:[\w.@~-]+\/)*(\w+)'/.exec(message) ?? [];
  if (wanted === undefined || !new RegExp(`\\binterface\\s+${wanted}\\b`).test(text)) return null;
  return `'${given}' is no '${wanted}': a class names the interfaces that it has, as in class ${given} implements ${wanted}`;
}
