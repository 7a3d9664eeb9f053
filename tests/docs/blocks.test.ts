/**
 * The code of the pages runs: blocks of JavaScript that begin with the name of their file, but for coming-from's, which are compared; and blocks of TypeScript
 * and AssemblyScript, with what `fragments.ts` puts around them.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { transform } from "esbuild";
import { packageRoot } from "../../host/bench/paths.js";
import { compile } from "../../host/compiler/index.js";
import { type AssemblyScript, FRAGMENTS, type TypeScript, type Wrong } from "./fragments.js";

const onDeno = "deno" in process.versions;
/** Below the package, so that the programs find it by its name. */
const directory = path.join(packageRoot, "dist-test", `blocks-${process.pid}`);
after(() => rmSync(directory, { recursive: true, force: true }));

/** Files that others load. */
const LOADED = /^work(er)?\./;

/** What they print; nothing where Deno just runs tests of Node's. */
const PRINTS: Readonly<Record<string, RegExp>> = {
  "first.mjs": /^1\n4\n9\n16\n25\n\[ 832040, 1346269, 2178309 \]\n$/,
  "first.cjs": /^8\nfunction\n$/,
  "sum.test.mjs": /\badds\b|^$/,
  "threads.mjs": /^(?:5 %\n){2}$/,
  "carry.mjs": /^hello, Ada\n$/,
};

const pages = ["README.md", ...readdirSync(path.join(packageRoot, "docs")).map((name) => `docs/${name}`)];
const textOf = (page: string): string => readFileSync(path.join(packageRoot, page), "utf8");

/** Pages whose programs other tests run: with the libraries they are compared to, with a server. */
const ELSEWHERE = ["docs/coming-from.md", "docs/remote.md", "docs/bullmq.md"];

/** The blocks of a page in a language. */
function blocksOf(page: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms");
  return [...textOf(page).matchAll(fence)].map(([, code = ""]) => code);
}

function placeOf(name: string): string {
  const place = path.join(directory, name.replaceAll(/\W/g, "-"));
  mkdirSync(place, { recursive: true });
  return place;
}

function outputOf(args: readonly string[], cwd: string): string {
  const env = { ...process.env, NO_COLOR: "1", NODE_TEST_CONTEXT: undefined };
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8", cwd, env, timeout: 60_000 });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

const script = (file: string): string[] => [...(onDeno ? ["run", "--quiet", "-A"] : []), file];

describe("programs of the pages", () => {
  for (const page of pages.filter((name) => !ELSEWHERE.includes(name))) {
    const blocks = blocksOf(page, "js").map((code) => ({ code, name: /^\/\/ (\S+\.[cm]?js)\n/.exec(code)?.[1] ?? "" }));
    for (const { name } of blocks.filter(({ name }) => !LOADED.test(name))) {
      it(`${page}: ${name}`, () => {
        const place = placeOf(page);
        for (const { name, code } of blocks) writeFileSync(path.join(place, name), code);
        assert.ok(name in PRINTS, `what ${name} prints is to be stated here`);
        assert.match(outputOf(script(path.join(place, name)), place), PRINTS[name]!);
      });
    }
  }
});

const fragments = Object.entries(FRAGMENTS).flatMap(([page, list]) =>
  list.map((fragment, i) => ({ page, fragment, code: blocksOf(page, "ts")[i] ?? "" })),
);
type Of<F> = { readonly page: string; readonly code: string; readonly fragment: F };
const inLanguage = <F>(language: string): Of<F>[] =>
  fragments.filter(({ fragment }) => fragment.language === language) as unknown as Of<F>[];
const whole = ({ code, fragment: { before = "", after = "" } }: Of<TypeScript | AssemblyScript | Wrong>): string =>
  `${before}${code}${after}\n`;

describe("fragments of the pages", () => {
  const program = placeOf("program");
  before(() => {
    const parts = inLanguage<AssemblyScript>("as");
    parts.forEach((part, i) => writeFileSync(path.join(program, `part${i}.ts`), whole(part)));
    const lines = parts.map((_, i) => `import { main as main${i} } from "./part${i}";`);
    const calls = parts.map(({ fragment }, i) => {
      // What is only compiled must be reached, and is not.
      return fragment.unrun === undefined ? `main${i}();` : `if (args().length > 1000) main${i}();`;
    });
    lines.push('import { args, Chan } from "skein";', `export function main(): void { ${calls.join("\n")} }`);
    lines.push("export function add(a: i32, b: i32): i32 { return a + b; }");
    lines.push(
      "export function produce(ch: Chan<f64>, n: i32): void { for (let i = 0; i < n; i++) ch.send(i); ch.close(); }",
    );
    writeFileSync(path.join(program, "main.ts"), lines.join("\n"));
  });

  it("are all told here how they run", () => {
    for (const page of pages) {
      const fences = [...textOf(page).matchAll(/^```(.+)$/gm)].map(([, info = ""]) => info);
      for (const info of fences)
        assert.match(info, /^(?:ts|js|go|c|sh|console|json|dockerfile)$/, `a fence of ${page}`);
      const begin = blocksOf(page, "ts").map((code) => code.slice(0, code.indexOf("\n")));
      const expected = (FRAGMENTS[page] ?? []).map(({ begins }) => begins);
      assert.equal(begin.length, expected.length, `blocks of ${page}`);
      begin.forEach((line, i) => assert.ok(line.startsWith(expected[i]!), `${page}: ${line}`));
    }
  });

  it("that are AssemblyScript run as parts of one program", async () => {
    const { wasm } = await compile(path.join(program, "main.ts"), { checked: false, quick: true });
    writeFileSync(path.join(program, "my.wasm"), wasm);
    const cli = path.join(packageRoot, "bin", "skein.js");
    const words = "every word is counted by a goroutine".split(" ");
    const printed = outputOf([...script(cli), "run", "my.wasm", "--", ...words], program);
    for (const line of [
      "7 words, 30 letters, at most 9 in one",
      "hello",
      "385",
      "closed and drained",
      "ranged",
      "42",
      "sent 5",
      "the sum is 321",
      "[1 2 3] {1 2.5} true",
      "reading {x:3 y:4}: no such point",
      '{"id":7,"lines":[{"article":"tea","count":2},{"article":"cup","count":1}],"note":null}',
      "256 1099511627776 1099511627776 1",
    ]) {
      assert.ok(printed.split("\n").includes(line), `${line} in ${printed}`);
    }
  });

  for (const { page, fragment, code } of inLanguage<Wrong>("wrong")) {
    it(`${page}: ${fragment.begins} does not compile`, async () => {
      const file = path.join(program, "wrong.ts");
      writeFileSync(file, whole({ page, fragment, code }));
      await assert.rejects(compile(file, { checked: false, quick: true }), fragment.message);
    });
  }

  for (const { page, fragment, code } of inLanguage<TypeScript>("ts")) {
    it(`${page}: ${fragment.begins}`, async () => {
      const place = placeOf(`${page}-${fragment.begins}`);
      const name = fragment.as ?? "main.mjs";
      const written = await transform(whole({ page, fragment, code }), { loader: "ts", target: "node20" });
      for (const [file, text] of Object.entries({ ...fragment.files, [name]: written.code })) {
        writeFileSync(path.join(place, file), text);
      }
      if (whole({ page, fragment, code }).includes("my.wasm")) {
        writeFileSync(path.join(place, "my.wasm"), readFileSync(path.join(program, "my.wasm")));
      }
      assert.match(outputOf(script(path.join(place, "main.mjs")), place), fragment.prints ?? /^(?:.*\n)*$/);
    });
  }
});
