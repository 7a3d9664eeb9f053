/** A module that a worker serves: which tasks it has, and the consumers that its calls come from. */
import type { Runtime } from "../../index.js";
import { SkeinError } from "../../index.js";
import type { AnyFunction } from "../../go/goroutine.js";
import { checkName } from "../connection/options.js";

/** A module of a worker's. */
export interface ServedModule {
  readonly name: string;
  readonly url: string;
  readonly version: string | undefined;
  /** The names of the functions that it exports. */
  readonly exported: ReadonlySet<string>;
  readonly tasks: Readonly<Record<string, AnyFunction>>;
}

/** The names of the functions that the module at `url` exports. Runs as a goroutine: the main thread may be no place for the module. */
async function functionsOf(url: string): Promise<string[]> {
  const module = (await import(url)) as Record<string, unknown>;
  return Object.keys(module).filter((name) => typeof module[name] === "function");
}

/** @throws SkeinError if the module cannot be loaded here */
export async function serveModule(
  rt: Runtime,
  name: string,
  url: string | URL,
  version: string | undefined,
): Promise<ServedModule> {
  checkName(name, "the name of a module");
  const tasks = rt.tasks<Record<string, AnyFunction>>(url);
  const href = new URL(url).href;
  let exported: string[];
  try {
    exported = await rt.go(functionsOf, href);
  } catch (cause) {
    throw new SkeinError(`cannot serve ${name}: the module ${href} does not load: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (exported.length === 0) throw new SkeinError(`cannot serve ${name}: the module ${href} exports no function`);
  return {
    name,
    url: href,
    version,
    exported: new Set(exported),
    tasks: tasks as Readonly<Record<string, AnyFunction>>,
  };
}

/** Why a worker cannot run a call; undefined if it can. */
export function unfit(module: ServedModule, task: string, version: string | undefined): SkeinError | undefined {
  if (version !== undefined && module.version !== version) {
    const has = module.version === undefined ? "has none" : `has version ${module.version}`;
    return new SkeinError(`the call wants version ${version} of ${module.name}, and the worker ${has}`);
  }
  if (module.exported.has(task)) return undefined;
  const names = [...module.exported].join(", ");
  return new SkeinError(
    `the module ${module.name} of the worker (${module.url}) exports no function ${task}; it exports ${names}`,
  );
}
