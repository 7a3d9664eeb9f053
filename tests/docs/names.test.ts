/** What the pages name exists: files, folders, links and their anchors, npm's scripts. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { packageRoot } from "../../host/bench/paths.js";

const read = (file: string): string => readFileSync(path.join(packageRoot, file), "utf8");
const pages = ["README.md", ...readdirSync(path.join(packageRoot, "docs")).map((file) => `docs/${file}`)];
/** Pages for those who change Skein: a bare `proc.ts` in them is a file of the tree, not of an example. */
const INSIDE = ["docs/architecture.md", "docs/contributing.md", "docs/internals.md"];

/** Folders whose files are named by their path from the top of the repository. */
const ROOTS = ["assembly", "bench", "bin", "docs", "examples", "host", "scripts", "tests"];

/** Every file below the roots, with `/` before it, so that an end of it is a path. */
const files = ROOTS.flatMap((root) => {
  const below = readdirSync(path.join(packageRoot, root), { recursive: true, encoding: "utf8" });
  return [`/${root}`, ...below.map((file) => `/${root}/${file.split(path.sep).join("/")}`)];
});

/** `~lib/skein/…` is a file below `assembly`, without its extension, or what such a file exports. */
function foundInLibrary(name: string): boolean {
  const below = name.slice("~lib/skein/".length).replace(/\.ts$/, "");
  const file = /^(?:runtime|layout)\b/.test(below) ? `assembly/${below}` : `assembly/std/skein/${below}`;
  return [`${file}.ts`, `${path.posix.dirname(file)}.ts`, file].some((known) => found(known, false));
}

/** A path as the pages write it, of which `*` may be any part and a line number may follow. */
function found(name: string, anywhere: boolean): boolean {
  const text = name.replace(/:\d+$/, "").replace(/\/$/, "");
  const escaped = text.replaceAll(/[.+]/g, "\\$&").replaceAll("*", "[^/]*");
  const pattern = new RegExp(`${anywhere ? "/" : "^/"}${escaped}$`);
  return files.some((file) => pattern.test(file));
}

/** Every word of the sources, for pages that name functions and constants. */
const words = new Set(
  files
    .filter(
      (file) => /^\/(?:assembly|host|scripts|tests)\/.*\.(?:ts|mjs)$/.test(file) && !file.startsWith("/tests/docs/"),
    )
    .flatMap((file) => read(file.slice(1)).match(/[A-Za-z_]\w*/g) ?? []),
);

/** What stands in code: spans, and the words of the commands in blocks of a shell. */
function code(page: string): string[] {
  const spans = [...page.replaceAll(/^```.*?^```$/gms, "").matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
  const blocks = [...page.matchAll(/^```(?:sh|console)\n(.*?)^```$/gms)].flatMap(([, block = ""]) => block.split("\n"));
  return [...spans, ...blocks];
}

/** The name that a heading can be linked by, as GitHub makes it. */
function anchor(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
}

function anchors(file: string): string[] {
  const text = read(file).replaceAll(/^```.*?^```$/gms, "");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchor(heading));
}

const manifest = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

for (const page of pages) {
  const text = read(page);
  describe(page, () => {
    it("names files and folders that exist", () => {
      const missing: string[] = [];
      for (const span of code(text)) {
        for (const word of span.split(/[\s"'(),=]+/)) {
          const below = ROOTS.some((root) => word.startsWith(`${root}/`));
          const inside = INSIDE.includes(page) && /^[\w./*-]+\.(?:ts|mjs)$/.test(word) && !word.startsWith(".");
          const library = word.startsWith("~lib/skein/");
          if (library ? !foundInLibrary(word) : (below || inside) && !found(word, !below)) missing.push(word);
        }
      }
      assert.deepEqual(missing, []);
    });

    it("names functions, classes and constants that the sources have", { skip: !INSIDE.includes(page) }, () => {
      const names = code(text).flatMap((span) => /^([A-Za-z_]\w*)(?:\(.*\))?$/.exec(span)?.[1] ?? []);
      assert.deepEqual(
        names.filter((name) => !words.has(name)),
        [],
      );
    });

    it("links to pages and headings that exist", () => {
      const missing: string[] = [];
      for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [name = "", heading] = target.split("#");
        const file = name === "" ? page : path.posix.join(path.posix.dirname(page), name);
        if (!existsSync(path.join(packageRoot, file))) missing.push(target);
        else if (heading !== undefined && !anchors(file).includes(heading)) missing.push(target);
      }
      assert.deepEqual(missing, []);
    });

    it("names scripts that package.json has", () => {
      const named = code(text).flatMap((span) => [...span.matchAll(/\bnpm (?:run ([\w:-]+)|(test|start)\b)/g)]);
      const missing = named.map(([, run, own]) => run ?? own ?? "").filter((name) => !(name in manifest.scripts));
      assert.deepEqual(missing, []);
    });
  });
}
