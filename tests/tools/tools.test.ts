/**
 * Skein where Node code lives: under the tools that run tests, compile and bundle. Functions that are sent as their source come to the same
 * under each, whatever the tool has made of them.
 */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Project } from "./project.js";

const project = new Project();
after(() => project.remove());
const skip = project.missing ?? false;

const EXPECTED = {
  arrow: 2,
  branches: 2,
  nested: 4,
  async: 3,
  generator: 6,
  builtin: "function",
  spread: 5,
  rest: 6,
  task: 8,
  imports: "helped",
  error: true,
  objects: "true,true,true,true",
  channel: 7,
  printed: "seen\n",
};

const URL_HERE = 'new URL("./work.mjs", import.meta.url)';
const URL_OF_DIRECTORY = 'require("node:url").pathToFileURL(__dirname + "/work.mjs")';

/** A folder with the cases and what they need; `main` is what is run, or bundled, as an ES module or not. */
function folder(name: string, type: "module" | "commonjs", more: object = {}): string {
  project.write(`${name}/package.json`, JSON.stringify({ type, ...more }));
  project.copy("files/cases.txt", `${name}/cases.ts`);
  project.write(`${name}/helper.mjs`, 'export const help = () => "helped";');
  project.write(
    `${name}/work.mjs`,
    'import { help } from "./helper.mjs"; export const double = (n) => n * 2; export const helped = async () => help();',
  );
  return name;
}

/** A program that prints what the cases come to. */
function program(type: "module" | "commonjs"): string {
  const url = type === "module" ? URL_HERE : URL_OF_DIRECTORY;
  const print = "(r) => console.log(JSON.stringify(r)), (e) => console.log(e.message)";
  return `import { results } from "./cases";\nresults(${url}).then(${print});\n`;
}

/** What the cases came to, printed in a line of its own. */
function printed(output: string): unknown {
  const line = output.split("\n").find((line) => line.startsWith("{"));
  assert.ok(line !== undefined, output);
  return JSON.parse(line);
}

describe("functions sent as their source", { skip }, () => {
  const test = (write: string) =>
    `import { writeFileSync } from "node:fs"; import { results } from "./cases";\n` +
    `test("cases", async () => writeFileSync("out.json", JSON.stringify(await results(${write}))), 60_000);\n`;

  for (const args of [["--pool=forks"], ["--pool=threads"], ["--coverage.enabled", "--coverage.provider=istanbul"]]) {
    it(`under vitest ${args.join(" ")}`, () => {
      folder("vitest", "module");
      project.write("vitest/cases.test.ts", `import { test } from "vitest";\n${test(URL_HERE)}`);
      const output = project.tool("vitest", "vitest", "run", ...args);
      assert.match(output, /1 passed/);
      assert.doesNotMatch(output, /ExperimentalWarning/);
      assert.deepEqual(JSON.parse(project.read("vitest/out.json")), EXPECTED);
    });
  }

  for (const [name, transform] of Object.entries({
    "ts-jest": ["ts-jest", { diagnostics: false }],
    "@swc/jest": "@swc/jest",
  })) {
    for (const args of [[], ["--coverage"]]) {
      it(`under jest ${args.join("")} with ${name}`, () => {
        const here = folder(`jest-${name.replace(/\W/g, "")}`, "commonjs", {
          jest: { transform: { "\\.ts$": transform } },
        });
        project.write(
          `${here}/tsconfig.json`,
          '{ "compilerOptions": { "target": "es2016", "module": "commonjs", "esModuleInterop": true } }',
        );
        project.write(`${here}/cases.test.ts`, test(URL_OF_DIRECTORY));
        const output = project.tool(here, "jest", ...args);
        assert.match(output, /1 passed/);
        assert.deepEqual(JSON.parse(project.read(`${here}/out.json`)), EXPECTED);
      });
    }
  }

  it("under tsx", () => {
    project.write(`${folder("tsx", "module")}/main.ts`, program("module"));
    assert.deepEqual(printed(project.tool("tsx", "tsx", "main.ts")), EXPECTED);
  });

  it("under tsx with tasks in TypeScript, by the name that they would be compiled to", () => {
    const here = folder("tsx-tasks", "module");
    project.write(
      `${here}/work.ts`,
      `import { context } from "skein";
      export async function twice({ n }: { n: number }): Promise<number> { return context().signal.aborted ? 0 : 2 * n; }`,
    );
    project.write(
      `${here}/main.ts`,
      `import { start } from "skein";
      const rt = await start({ procs: 2 });
      const work = rt.tasks<typeof import("./work.js")>(new URL("./work.js", import.meta.url));
      console.log(await rt.go(work.twice, { n: 21 }));
      await rt.close();`,
    );
    assert.equal(project.tool(here, "tsx", "main.ts"), "42\n");
  });

  it("under ts-node, in a CommonJS project", () => {
    const here = folder("ts-node", "commonjs");
    project.write(
      `${here}/tsconfig.json`,
      '{ "compilerOptions": { "module": "commonjs", "target": "es2022", "esModuleInterop": true } }',
    );
    project.write(`${here}/main.ts`, program("commonjs"));
    assert.deepEqual(printed(project.tool(here, "ts-node", "--transpile-only", "main.ts")), EXPECTED);
  });

  it("compiled by tsc for CommonJS, with types", () => {
    const here = folder("tsc", "commonjs");
    project.write(`${here}/main.ts`, program("commonjs"));
    for (const [module, moduleResolution] of [
      ["commonjs", "node10"],
      ["node16", "node16"],
    ] as const) {
      const options = ["--strict", "--esModuleInterop", "--skipLibCheck", "--target", "es2022", "--types", "node"];
      const output = project.tool(
        here,
        "tsc",
        ...options,
        "--module",
        module,
        "--moduleResolution",
        moduleResolution,
        "main.ts",
      );
      assert.equal(output, "", moduleResolution);
      assert.deepEqual(printed(project.node(here, "main.js")), EXPECTED);
    }
  });
});

describe("skein/piscina", { skip }, () => {
  it("finds workers as ts-node does: .ts, no extension, a directory", () => {
    const here = folder("pool", "commonjs");
    project.write(`${here}/tsconfig.json`, '{ "compilerOptions": { "module": "commonjs", "esModuleInterop": true } }');
    project.write(
      `${here}/worker.ts`,
      'import { half } from "./half"; enum One { A = 1 } export default (n: number): number => half(n) + One.A;',
    );
    project.write(`${here}/half.ts`, "export const half = (n: number): number => n / 2;");
    project.write(`${here}/tens/index.ts`, "module.exports = (n: number): number => n * 10;");
    project.write(
      `${here}/main.ts`,
      `import path from "node:path"; import Piscina from "skein/piscina";
      const results = ["worker.ts", "worker", "tens"].map(async (file) => {
        const execArgv = ["-r", "ts-node/register/transpile-only"];
        const pool = new Piscina({ filename: path.join(__dirname, file), execArgv, maxThreads: 1 });
        const result = await pool.run(10);
        await pool.destroy();
        return result;
      });
      void Promise.all(results).then((all) => console.log(all.join(" ")));`,
    );
    assert.equal(project.tool(here, "ts-node", "--transpile-only", "main.ts").trim(), "6 6 100");
  });

  it("can be required under jest", () => {
    project.write("piscina/package.json", '{ "jest": { "transform": {} } }');
    project.write("piscina/worker.js", "module.exports = (n) => n + 1;");
    project.write(
      "piscina/pool.test.js",
      `const { Piscina } = require("skein/piscina");
      test("pool", async () => {
        const pool = new Piscina({ filename: require("node:path").join(__dirname, "worker.js") });
        expect(await pool.run(3)).toBe(4);
        await pool.destroy();
      });`,
    );
    assert.match(project.tool("piscina", "jest"), /1 passed/);
  });
});

describe("bundles", { skip }, () => {
  const NOT_BUNDLED = /^skein was bundled without the files of its threads: leave it out/m;

  function prepare(name: string, type: "module" | "commonjs" = "module"): string {
    const here = folder(name, "module");
    project.write(`${here}/main.ts`, program(type).replace("./cases", "./cases.js"));
    project.tool(here, "esbuild", "cases.ts", "main.ts", "--outdir=.", "--target=es2022");
    for (const file of ["helper.mjs", "work.mjs"])
      project.write(`${here}/out/${file}`, project.read(`${here}/${file}`));
    return here;
  }

  it("of esbuild, with Skein left out", () => {
    const here = prepare("esbuild");
    for (const more of [[], ["--minify"], ["--keep-names", "--target=es2020"]]) {
      const args = [
        "--bundle",
        "--platform=node",
        "--format=esm",
        "--external:skein",
        "--outfile=out/main.mjs",
        ...more,
      ];
      project.tool(here, "esbuild", "main.js", ...args);
      assert.deepEqual(printed(project.node(here, "out/main.mjs")), EXPECTED, more.join(" "));
    }
  });

  it("of esbuild, with Skein inside, say that it must be left out", () => {
    for (const [format, type] of [
      ["esm", "module"],
      ["cjs", "commonjs"],
    ] as const) {
      const here = prepare(`esbuild-${format}`, type);
      const outfile = `out/main.${format === "esm" ? "mjs" : "cjs"}`;
      project.tool(
        here,
        "esbuild",
        "main.js",
        "--bundle",
        "--platform=node",
        `--format=${format}`,
        `--outfile=${outfile}`,
      );
      assert.match(project.node(here, outfile), NOT_BUNDLED);
    }
  });

  it("of Rollup", () => {
    const here = prepare("rollup");
    project.tool(here, "rollup", "main.js", "-f", "es", "-o", "out/main.mjs", "--external", "skein");
    assert.deepEqual(printed(project.node(here, "out/main.mjs")), EXPECTED);
    project.tool(here, "rollup", "main.js", "-f", "es", "-d", "out/inside", "-p", "@rollup/plugin-node-resolve");
    assert.match(project.node(here, "out/inside/main.js"), NOT_BUNDLED);
  });

  it("of Vite for servers", () => {
    const here = prepare("vite");
    project.tool(here, "vite", "build", "--ssr", "main.js", "--outDir", "out", "--emptyOutDir", "false");
    assert.deepEqual(printed(project.node(here, "out/main.js")), EXPECTED);
  });

  it("of webpack, which takes imports out of functions unless it is told to leave them", () => {
    const here = prepare("webpack");
    const config = (externals: object) => `import path from "node:path";
      export default { entry: "./main.js", mode: "production", target: "node", experiments: { outputModule: true },
        output: { path: path.resolve("out"), filename: "main.mjs", module: true, library: { type: "module" } },
        externals: ${JSON.stringify(externals)} };`;
    project.write(
      `${here}/cases.js`,
      project.read(`${here}/cases.js`).replace('import("node:os")', 'import(/* webpackIgnore: true */ "node:os")'),
    );
    project.write(`${here}/webpack.config.mjs`, config({ skein: "module skein" }));
    project.tool(here, "webpack");
    assert.deepEqual(printed(project.node(here, "out/main.mjs")), EXPECTED);
  });
});

describe("the package", { skip }, () => {
  it("has types for every way to resolve them", () => {
    assert.match(project.tool(".", "attw", project.tarball), /No problems found/);
  });

  it("is as publint wants it", () => {
    assert.match(project.tool(".", "publint", "node_modules/skein"), /All good/);
  });
});
