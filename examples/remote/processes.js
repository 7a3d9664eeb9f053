/** Processes of an example: the same file, once more, with a role. */
import { spawn } from "node:child_process";
import process from "node:process";

/** Starts `file` in a role, with the options of this process. Resolves when it has ended. */
export function inRole(file, role, ...args) {
  const before = "deno" in process.versions ? ["run", "--quiet", "-A"] : [];
  const child = spawn(process.execPath, [...before, file, ...args, "--role", role], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`the process ${role} has failed`))));
  });
}
