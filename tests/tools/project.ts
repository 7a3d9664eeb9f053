/** A project that has Skein from its tarball, and the tools that people have, from npm. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { packageRoot } from "../../host/bench/paths.js";

/** What is installed, each in the version that the tests are known to pass with. */
const TOOLS = {
  "@arethetypeswrong/cli": "0.18.5",
  "@rollup/plugin-node-resolve": "16.0.3",
  "@swc/core": "1.16.22",
  "@swc/jest": "0.2.39",
  "@types/node": "20.19.43",
  "@vitest/coverage-istanbul": "4.1.12",
  esbuild: "0.28.2",
  jest: "30.5.2",
  publint: "0.3.25",
  rollup: "4.68.8",
  "ts-jest": "29.4.15",
  "ts-node": "10.9.2",
  tsx: "4.23.15",
  typescript: "5.9.3",
  vite: "8.3.8",
  vitest: "4.1.12",
  webpack: "5.113.0",
  "webpack-cli": "6.0.1",
};

const MINUTES = 60_000;

export class Project {
  readonly root = mkdtempSync(path.join(os.tmpdir(), "skein-tools-"));
  /** Why there are no tools, if so. */
  readonly missing: string | undefined;
  readonly tarball: string;

  constructor() {
    this.write("package.json", JSON.stringify({ private: true, devDependencies: TOOLS }));
    const npm = ["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefer-offline"];
    const { status, stderr } = spawnSync("npm", npm, { cwd: this.root, encoding: "utf8", timeout: 8 * MINUTES });
    if (status !== 0) this.missing = `npm cannot install the tools: ${stderr.trim().split("\n")[0] ?? ""}`;
    const packing = ["pack", "--ignore-scripts", "--pack-destination", this.root];
    const packed = spawnSync("npm", packing, { cwd: packageRoot, encoding: "utf8" }).stdout.trim().split("\n");
    this.tarball = path.join(this.root, packed.at(-1) ?? "");
    const skein = path.join(this.root, "node_modules", "skein");
    mkdirSync(skein, { recursive: true });
    spawnSync("tar", ["xzf", this.tarball, "-C", skein, "--strip-components=1"]);
  }

  write(name: string, text: string): void {
    const file = path.join(this.root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  read(name: string): string {
    return readFileSync(path.join(this.root, name), "utf8");
  }

  copy(file: string, to: string): void {
    cpSync(path.join(packageRoot, "tests", "tools", file), path.join(this.root, to));
  }

  /** What a tool's command writes, in a folder of the project. */
  tool(folder: string, name: string, ...args: string[]): string {
    return this.run(folder, path.join(this.root, "node_modules", ".bin", name), ...args);
  }

  /** What Node writes when it runs a file. */
  node(folder: string, ...args: string[]): string {
    return this.run(folder, process.execPath, ...args);
  }

  private run(folder: string, command: string, ...args: string[]): string {
    const cwd = path.join(this.root, folder);
    const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, NODE_TEST_CONTEXT: undefined, CI: "1" };
    const { stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", env, timeout: 4 * MINUTES });
    return stdout + stderr;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
