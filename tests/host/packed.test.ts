/** The package as a project has it that installs no compiler. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { after, describe, it } from "node:test";
import { packageRoot } from "../../host/bench/paths.js";
import { FRAGMENTS } from "../docs/fragments.js";

const place = mkdtempSync(path.join(os.tmpdir(), "skein-packed-"));
after(() => rmSync(place, { recursive: true, force: true }));
// The files that npm would pack, without what it would install besides.
const skein = path.join(place, "node_modules", "skein");
const packing = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
  cwd: packageRoot,
  encoding: "utf8",
});
const [packed] = JSON.parse(packing.stdout) as [{ files: { path: string; size: number }[] }];
for (const { path: file } of packed.files) cpSync(path.join(packageRoot, file), path.join(skein, file));
writeFileSync(path.join(place, "package.json"), '{ "dependencies": { "skein": "*" } }');
const onDeno = "deno" in process.versions;

/** What a module that imports the library writes. */
function written(text: string, environment: NodeJS.ProcessEnv = {}): string {
  const file = path.join(place, "user.mjs");
  writeFileSync(file, text);
  const { stdout, stderr } = spawnSync(process.execPath, [...(onDeno ? ["run", "--quiet", "-A"] : []), file], {
    encoding: "utf8",
    env: { ...process.env, SKEIN_CHECKED: "", ...environment },
  });
  return stdout + stderr;
}

/** From here on the project has what compiles AssemblyScript. */
function linkCompilers(): void {
  for (const name of ["assemblyscript", "binaryen", "long"]) {
    const link = path.join(place, "node_modules", name);
    if (!existsSync(link)) symlinkSync(path.join(packageRoot, "node_modules", name), link);
  }
}

/** A folder whose programs TypeScript checks as an editor there does, and what it then says. */
function editorFolder(name: string): { folder: string; typescript: (...options: string[]) => string } {
  const folder = path.join(place, name);
  mkdirSync(folder);
  writeFileSync(path.join(folder, "tsconfig.json"), '{ "extends": "skein/assembly.json" }');
  const tsc = path.join(packageRoot, "node_modules", "typescript", "bin", "tsc");
  const typescript = (...options: string[]): string => {
    const args = [...(onDeno ? ["run", "--quiet", "-A"] : []), tsc, "-p", ".", ...options];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    return stdout + stderr;
  };
  return { folder, typescript };
}

const START = 'import { start } from "skein";\n';

describe("the package as it is packed", () => {
  it("runs tasks without a compiler", () => {
    const text = "const rt = await start({ procs: 2 }); console.log(await rt.go((a) => a + 1, 6)); await rt.close();";
    assert.equal(written(START + text), "7\n");
  });

  it("fails to compile without a compiler, with the command that helps", () => {
    writeFileSync(path.join(place, "program.ts"), "export function main(): void {}");
    const text = written(
      `${START}await start({ program: new URL("./program.ts", import.meta.url) }).catch((e) => console.log(e.name, e.message));`,
    );
    assert.match(
      text,
      /^CompileError compiling takes assemblyscript and binaryen, which .*: npm install --save-dev assemblyscript@\d/,
    );
  });

  it("says what a program in C lacks, all of it and clang alone", () => {
    writeFileSync(path.join(place, "main.c"), "int main(void) { return 0; }\n");
    const lacking = (): string => {
      const args = [...(onDeno ? ["run", "--quiet", "-A"] : []), path.join(skein, "bin", "skein.js"), "run", "main.c"];
      const env = { ...process.env, SKEIN_WASI_SDK: "", NO_COLOR: "1" };
      const { status, stderr } = spawnSync(process.execPath, args, { cwd: place, encoding: "utf8", env });
      assert.equal(status, 1, stderr);
      return stderr;
    };
    assert.match(
      lacking(),
      /^compiling takes assemblyscript, binaryen and @yowasp\/clang, which .*: npm install --save-dev assemblyscript@\S+ binaryen@\S+ @yowasp\/clang@\d/,
    );
    linkCompilers();
    assert.match(
      lacking(),
      /^compiling C takes clang, from the package @yowasp\/clang, .*: npm install --save-dev @yowasp\/clang@\d/,
    );
  });

  it("compiles where the compiler is, from sources that are one file, and finds what it has built again", () => {
    linkCompilers();
    assert.ok(!existsSync(path.join(skein, "assembly", "runtime")));
    const text = `import { compile } from ${JSON.stringify(pathToFileURL(path.join(skein, "dist/library/compiler.js")).href)};
      const build = () => compile(${JSON.stringify(path.join(place, "program.ts"))}, { checked: false, quick: true });
      const [one, two] = [await build(), await build()];
      console.log(one.stats.cached, two.stats.cached, Buffer.compare(one.wasm, two.wasm));`;
    assert.equal(written(text, { SKEIN_CACHE: path.join(place, "cache") }), "false true 0\n");
  });

  it("has editors know its modules and AssemblyScript's globals, by a tsconfig.json of one line", () => {
    linkCompilers();
    const { folder, typescript } = editorFolder("right");
    for (const name of ["examples", "examples/net"]) {
      mkdirSync(path.join(folder, name), { recursive: true });
      const files = readdirSync(path.join(skein, name)).filter((file) => file.endsWith(".ts"));
      for (const file of files) cpSync(path.join(skein, name, file), path.join(folder, name, file));
    }
    for (const [page, list] of Object.entries(FRAGMENTS)) {
      const text = readFileSync(path.join(packageRoot, page), "utf8");
      const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
      list.forEach((fragment, i) => {
        if (fragment.language !== "as") return;
        const program = `${fragment.before ?? ""}${blocks[i]!}${fragment.after ?? ""}\n`;
        writeFileSync(path.join(folder, `${page.replaceAll(/\W/g, "-")}-${i}.ts`), program);
      });
    }
    assert.equal(typescript(), "");
    // Declaration files are not checked there: of AssemblyScript's and ours some say the same thing twice, in globals.d.ts.
    assert.doesNotMatch(typescript("--skipLibCheck", "false"), /skein\/dist\/assembly\/index\.d\.ts/);
  });

  it("has editors mark what is wrong, and of what is right only what docs/guide.md tells", () => {
    linkCompilers();
    const { folder, typescript } = editorFolder("wrong");
    const lines: readonly (readonly [line: string, marked?: number])[] = [
      ['import { Atomic, Chan, go, println } from "skein";'],
      ['import { Format, sprintf } from "skein/fmt";'],
      ['import { Listener, nothing } from "skein/net";', 2305],
      ['import { other } from "skein/other";', 2306],
      ["@inline function twice(n: i32): i32 { return n + n; }", 1206],
      ["@lazy const four = twice(2);", 1206],
      ['class V { constructor(public x: f64) {} @operator("+") add(o: V): V { return new V(this.x + o.x); } }'],
      ["@unmanaged class U { @inline get n(): i32 { return four; } }"],
      ["function log(message: Format): void { println(message.text()); }"],
      ["const ch = new Chan<i32>(1);"],
      ["go(ch.send(1)); go(() => { ch.send(2); });"],
      ['ch.send("x");', 2345],
      ["for (const n of ch) println(n);", 2345],
      ["for (const n of ch) println(n.toString() + sprintf('%d %s', n, 'x'));"],
      ["for (const [k, v] of new Map<string, i32>()) println(k + v.toString());"],
      ["for (const [i, c] of ['a'].entries()) println(i.toString() + c);"],
      ["const sum = new V(1) + new V(2);", 2365],
      ['log("%d", 3);', 2554],
      ["const less: i32 = four < 5;", 2322],
      ["new Listener(3);", 2674],
      ['new Atomic<i64>(0).add("1");', 2345],
      ["load<u32>(changetype<usize>(ch)); setTimeout(log, 1);", 2304],
      ["try { throw new Error('e'); } catch (e) { println(e.message); }"],
    ];
    writeFileSync(path.join(folder, "program.ts"), lines.map(([line]) => `${line}\n`).join(""));
    const marked = [...typescript().matchAll(/^program\.ts\((\d+),\d+\): error TS(\d+):/gm)];
    assert.deepEqual(
      marked.map(([, line, code]) => [lines[Number(line) - 1]![0], Number(code)]),
      lines.filter(([, code]) => code !== undefined),
    );
  });

  it("has what its files import when they need it, but for the benchmarks", () => {
    const inPackage = new Set(packed.files.map(({ path: file }) => file));
    for (const file of [...inPackage].filter((each) => /^dist\/.*\.c?js$/.test(each))) {
      const text = readFileSync(path.join(skein, file), "utf8");
      for (const [, wanted] of text.matchAll(/\b(?:import|require)\("(\.[^"]+\.c?js)"\)/g)) {
        const found = path.posix.join(path.posix.dirname(file), wanted!);
        assert.ok(inPackage.has(found) || /\/bench-[^/]*$/.test(found), `${file} imports ${wanted!}`);
      }
    }
  });

  it("takes less than 6 MB with what npm installs beside it, as du counts", () => {
    const disk = packed.files.reduce((sum, { size }) => sum + Math.ceil(size / 4096) * 4096, 0);
    const koffi = 2.4e6;
    assert.ok(disk + koffi < 6 * 2 ** 20, `${disk} bytes of blocks`);
  });

  it("has piscina's interface, which takes the library that programs import", () => {
    writeFileSync(
      path.join(place, "worker.cjs"),
      "module.exports = (n) => { if (n < 0) throw new RangeError('less'); return n + 1; };",
    );
    const text = written(`import { Piscina } from "skein/piscina";
      const pool = new Piscina({ filename: new URL("./worker.cjs", import.meta.url).href, maxThreads: 1 });
      console.log(await pool.run(1), await pool.run(-1).catch((e) => e.name));
      await pool.destroy();`);
    assert.equal(text, "2 RangeError\n");
  });

  it("serves, over both pollers or says why not", () => {
    writeFileSync(path.join(place, "events.mjs"), "export const loops = 1; export const data = (_, input) => input;");
    const text =
      written(`import { serve } from "skein"; import { connect } from "node:net"; import { once } from "node:events";
      for (const suffix of ["", "-net"]) {
        const server = await serve(new URL("./events.mjs", import.meta.url), "tcp" + suffix + "://127.0.0.1:0");
        const socket = connect(Number(String(server.addrs[0]).split(":").at(-1)), "127.0.0.1");
        socket.write("echo");
        console.log(String((await once(socket, "data"))[0]));
        socket.destroy();
        await server.close();
      }`);
    assert.equal(text, "echo\necho\n");
  });

  it(
    "can be required, and is one library to import and to require where Node can require modules",
    { skip: onDeno },
    () => {
      const text = written(`${START}import { createRequire } from "node:module";
      const required = createRequire(import.meta.url)("skein");
      const rt = await required.start({ procs: 1 });
      console.log(await rt.go(() => 5), required.start === start === (process.features.require_module === true));
      await rt.close();
      console.log(typeof createRequire(import.meta.url)("skein/piscina"));`);
      assert.equal(text, "5 true\nfunction\n");
    },
  );

  it("bears with prototypes to which a program has added", () => {
    const text =
      written(`Object.prototype.more = "of all"; Array.prototype.at = () => "mine"; Function.prototype.more = 5;
      const { start, recv, after } = await import("skein");
      const rt = await start({ procs: 1 });
      console.log((await rt.go((o) => o.a.get(1).x, { a: new Map([[1, { x: 5 }]]) })), (await rt.select([recv(rt.chan()), after(1)])).index);
      for await (const n of rt.go(function* () { yield 1; })) console.log(n, await rt.go(() => { throw new TypeError(); }).catch((e) => e.name));
      await rt.close();`);
    assert.equal(text, "5 1\n1 TypeError\n");
  });

  it("has the command, without the benchmarks, and tells where they are", () => {
    const command = (...args: string[]) =>
      spawnSync(
        process.execPath,
        [...(onDeno ? ["run", "--quiet", "-A"] : []), path.join(skein, "bin", "skein.js"), ...args],
        { encoding: "utf8" },
      );
    assert.match(command("--help").stdout, /^ {2}run\b/m);
    const { stderr, status } = command("bench");
    assert.match(stderr, /^skein: the benchmarks are not in the package: run `node bin\/skein.js bench` in a checkout/);
    assert.equal(status, 1);
  });
});
