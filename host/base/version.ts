/** The package this file belongs to, and what runs it. */
import { readFileSync } from "node:fs";
import process from "node:process";

/** The version in the package's own `package.json`. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** The name and version of the JavaScript runtime: `node 20.20.2`, `deno 2.9.5`. */
export function runtimeName(): string {
  const { deno, node } = process.versions as { deno?: string; node: string };
  return deno === undefined ? `node ${node}` : `deno ${deno}`;
}
