/**
 * Unit tests of the core's data structures: `tests/core/*.spec.ts`, each compiled with AssemblyScript's own runtime and run
 * on one thread, in a memory laid out like a program's.
 */
import { installAddressOf } from "./dist/compiler/addressof.js";
import { Hooks } from "./dist/compiler/hooks.js";

// What the core has of Skein's own compiler, for as long as the process.
installAddressOf(new Hooks());

/** The calls of the netpoller that the scheduler makes; here nobody waits for the network. */
const NETWORK = ["start", "event_layout", "epoll_create", "epoll_ctl", "epoll_wait", "eventfd", "read", "write"];

const imports = {
  skein: {
    nanotime: () => performance.now() * 1e6,
    write: () => {},
    exit: (code) => fail(`exit(${code})`),
    panic: () => fail("a panic"),
    fatal: () => fail("a fatal error"),
    args: () => 0,
    traceback: () => 0,
    env: () => -1,
    run_js: () => fail("run_js"),
    readFile: () => -1,
    readFileTake: () => {},
    ...Object.fromEntries(NETWORK.map((name) => [`net_${name}`, () => fail(`net_${name}`)])),
  },
  // Nothing is ever unwound here.
  asyncify: {
    start_unwind: () => fail("a goroutine would park"),
    stop_unwind: () => {},
    start_rewind: () => fail("a goroutine would resume"),
    stop_rewind: () => {},
    get_state: () => 0,
  },
};

function fail(what) {
  throw new Error(`${what} in a unit test`);
}

/** Pages of 64 KiB: the scheduler's state, and some heap. */
const INITIAL_PAGES = 256;

export default {
  entries: ["tests/core/**/*.spec.ts"],
  include: [],
  disclude: [/node_modules/],
  async instantiate(_memory, createImports, instantiate, binary) {
    const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: 65536, shared: true });
    return instantiate(binary, createImports({ ...imports, env: { memory } }));
  },
  outputBinary: false,
};
