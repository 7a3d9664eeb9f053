/**
 * The positions in the source that a function's expressions have.
 *
 * Binaryen's C functions set a position, but cannot read one, and copies of expressions made through them have none. So
 * this reads Binaryen's own table, a `std::unordered_map<Expression*, DebugLocation>` in the Function: a chain of nodes
 *
 *     next, hash, expression, file, line, column
 *
 * whose head is the third word of the map. Where in a Function the map is, is found by setting a position and looking what
 * has changed; that the reading is right is checked by reading it back. The version of Binaryen is pinned.
 */
import binaryen from "binaryen";
import type { Expr, Module } from "./asc.js";
import type { Func } from "./safepoints-ir.js";

export interface Position {
  readonly file: number;
  readonly line: number;
  readonly column: number;
}

const WORD = 4;
const MAP_HEAD = 2 * WORD;
/** No Function is longer than that. */
const FUNCTION_WORDS = 100;

const { __i32_load: loadWord } = binaryen as unknown as { readonly __i32_load: (address: number) => number };

/** The positions of a function's expressions. */
export function positionsOf(module: Module, func: Func): Map<Expr, Position> {
  mapOffset ??= findMap(module);
  return readMap(func + mapOffset);
}

function readMap(map: number): Map<Expr, Position> {
  const positions = new Map<Expr, Position>();
  for (let node = loadWord(map + MAP_HEAD); node !== 0; node = loadWord(node)) {
    const [expression, file, line, column] = [2, 3, 4, 5].map((i) => loadWord(node + i * WORD)) as [
      number,
      number,
      number,
      number,
    ];
    positions.set(expression, { file, line, column });
  }
  return positions;
}

/** The offset of the map in a Function; the same for all, so that it is looked for once. */
let mapOffset: number | undefined;

function findMap(module: Module): number {
  const name = "~positions";
  const body = module.nop();
  const func = module.addFunction(name, 0, 0, null, body);
  const words = (): number[] => Array.from({ length: FUNCTION_WORDS }, (_, i) => loadWord(func + i * WORD));
  const before = words();
  const example: Position = { file: 0, line: 12345, column: 678 };
  module.setDebugLocation(func, body, example.file, example.line, example.column);
  const changed = words().findIndex((word, i) => word !== before[i]);
  const found = changed < 0 ? undefined : readMap(func + changed * WORD);
  const read = found?.get(body);
  if (found?.size !== 1 || JSON.stringify(read) !== JSON.stringify(example)) {
    throw new Error("this version of Binaryen keeps positions elsewhere");
  }
  module.removeFunction(name);
  return changed * WORD;
}
