/**
 * The rooms of `host/` and of the core, `assembly/runtime/`, by floors, and the ESLint rule that holds them there: a file imports from
 * its own room and from the floors below it. So no rooms import each other in a circle, types included, but those of the core whose
 * imports upwards its README.md argues for.
 *
 * The floors of the host follow what a room has to know. The ground is what knows no program; above it the program's file and its
 * instance on a thread; then what needs one instance (locks, sockets, the compiler); then what needs several threads.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { unusedExports } from "./exports.mjs";

/** From the ground up; rooms of one floor do not import each other either. `index.ts` is the library's face. */
const HOST = [
  ["abi"],
  ["base"],
  ["program", "values"],
  ["c"],
  ["compiler", "sockets", "sync"],
  ["go", "loop", "serve", "top"],
  ["trace"],
  ["runtime"],
  ["index.ts"],
  ["bullmq", "piscina", "remote"],
  ["bench"],
  ["cli"],
];

const CORE = [["base"], ["memory"], ["goroutine", "sched"], ["chan"], ["sync"], ["net"], ["js"], ["gc"], ["debug"]];

/** What rooms of the core import from above, as its README.md says. */
const UPWARDS = {
  sched: ["goroutine", "chan", "sync", "net", "js", "gc", "debug"],
  goroutine: ["sched", "chan", "sync", "net", "js", "gc", "debug"],
  chan: ["debug"],
  net: ["js", "debug"],
  js: ["debug"],
  gc: ["debug"],
};

const folder = (name) => fileURLToPath(new URL(`../${name}/`, import.meta.url));
const HOUSES = [
  { name: "host", root: folder("host"), floors: HOST, upwards: {} },
  { name: "assembly/runtime", root: folder("assembly/runtime"), floors: CORE, upwards: UPWARDS },
];

function roomOf({ root }, file) {
  const inside = path.relative(root, file);
  return inside.startsWith("..") ? undefined : inside.split(path.sep)[0].replace(/^index\.js$/, "index.ts");
}

/** What is wrong with an import of one room from another; undefined if nothing is. */
function fault({ name, floors, upwards }, room, other) {
  const floorOf = (each) => floors.findIndex((rooms) => rooms.includes(each));
  const unknown = [room, other].find((each) => floorOf(each) < 0);
  if (unknown !== undefined) return `${name}/${unknown} has no floor in scripts/rooms.mjs`;
  if (floorOf(other) < floorOf(room) || upwards[room]?.includes(other)) return undefined;
  return `${name}/${room} must not import ${name}/${other}, which is no floor below it`;
}

/** Reports imports that lead up, or across a floor. */
const floors = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const house = HOUSES.find((each) => roomOf(each, context.filename) !== undefined);
    if (house === undefined) return {};
    const room = roomOf(house, context.filename);
    const check = (node) => {
      const specifier = node.source?.value ?? node.argument?.value;
      if (typeof specifier !== "string" || !specifier.startsWith(".")) return;
      const other = roomOf(house, path.resolve(path.dirname(context.filename), specifier));
      const message = other === undefined || other === room ? undefined : fault(house, room, other);
      if (message !== undefined) context.report({ node, message });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
    };
  },
};

/** The plugin `rooms`, with the rules `rooms/floors` and `rooms/exports`. */
export default { rules: { floors, exports: unusedExports } };
