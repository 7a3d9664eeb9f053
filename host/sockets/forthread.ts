/** What a program's thread imports for sockets: nothing, and nothing is loaded, where the program opens none. */
import type { NetImports, ThreadData } from "../program/instance.js";
import { ENOSYS } from "./constants.js";

/** Whether the program uses `skein/net`: the compiler leaves out what no program calls. */
export function opensSockets(module: WebAssembly.Module): boolean {
  return WebAssembly.Module.imports(module).some(({ name }) => name === "net_socket");
}

/** The `NetImports` of the program's own threads. They take time to load, which programs without sockets are spared. */
export async function netImportsFor(module: WebAssembly.Module): Promise<NetImports> {
  return opensSockets(module) ? (await import("../sockets/bundle.js")).netImports : noSockets;
}

/** Gives bytes of a memory back to the system, which has zeros there from then on; false if that cannot be done. */
export type GiveBack = (at: number, length: number) => boolean;

/** For a thread that gives memory back: loads what that takes. */
export async function giverFor(memory: WebAssembly.Memory): Promise<GiveBack> {
  const sys = (await import("../sockets/bundle.js")).loadSys(memory, true);
  return typeof sys === "string" ? () => false : (at, length) => sys.dontNeed(at, length) === 0;
}

/** Without sockets the scheduler has nothing to poll, and calls none of these. */
function noSockets({ module }: ThreadData): WebAssembly.ModuleImports {
  const names = WebAssembly.Module.imports(module).flatMap(({ name }) => (name.startsWith("net_") ? [name] : []));
  return Object.fromEntries(names.map((name) => [name, () => -ENOSYS]));
}
