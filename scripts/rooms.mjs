/**
 * The rooms of `host/`, by floors, and the ESLint rule that holds them there: a file imports from its own room and from the
 * floors below it. So no rooms import each other in a circle, types included.
 *
 * The floors follow what a room has to know. The ground is what knows no program; above it the program's file and its instance
 * on a thread; then what needs one instance (locks, sockets, the compiler); then what needs several threads.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";

/** From the ground up; rooms of one floor do not import each other either. `index.ts` is the library's face. */
export const FLOORS = [
  ["abi"],
  ["base"],
  ["program", "values"],
  ["compiler", "sockets", "sync"],
  ["go", "loop", "serve", "top"],
  ["trace"],
  ["runtime"],
  ["index.ts"],
  ["bench", "piscina"],
  ["cli"],
];

const host = fileURLToPath(new URL("../host/", import.meta.url));

function roomOf(file) {
  const inside = path.relative(host, file);
  return inside.startsWith("..") ? undefined : inside.split(path.sep)[0].replace(/^index\.js$/, "index.ts");
}

function floorOf(room) {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

/** Reports imports that lead up, or across a floor. */
const floors = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const room = roomOf(context.filename);
    const check = (node) => {
      const specifier = node.source?.value ?? node.argument?.value;
      if (room === undefined || typeof specifier !== "string" || !specifier.startsWith(".")) return;
      const other = roomOf(path.resolve(path.dirname(context.filename), specifier));
      if (other === undefined || other === room) return;
      const unknown = [room, other].find((name) => floorOf(name) < 0);
      if (unknown !== undefined) context.report({ node, message: `host/${unknown} has no floor in scripts/rooms.mjs` });
      else if (floorOf(other) >= floorOf(room))
        context.report({ node, message: `host/${room} must not import host/${other}, which is no floor below it` });
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

/** The plugin `rooms`, with the rule `rooms/floors`. */
export default { rules: { floors } };
