/** Starts `skein` again in a Node with other flags, for those that only count at its start. */
import { spawn } from "node:child_process";
import os from "node:os";
import process from "node:process";

/** Runs this very command line with `flag` added to Node's own; resolves with the exit code. */
export function respawn(flag: string): Promise<number> {
  const [script, ...args] = process.argv.slice(1);
  const child = spawn(process.execPath, [flag, ...process.execArgv, script ?? "", ...args], { stdio: "inherit" });
  // A terminal sends its signals to both; this process only waits for the other to end.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : os.constants.signals[signal])));
  });
}
