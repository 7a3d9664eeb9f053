/**
 * Values that are moved rather than cloned: `Piscina.move` marks them, and whoever sends a marked value sends what its two
 * symbols name. The symbols are piscina's, so that a worker may take `move` from either library.
 */

/** Of a transferable: what is to be moved. */
export const transferableSymbol: unique symbol = Symbol.for("Piscina.transferable") as never;
/** Of a transferable: the value that is sent in its place. */
export const valueSymbol: unique symbol = Symbol.for("Piscina.valueOf") as never;

/** The description of the symbol by which piscina marks what went through its `move`; each copy of it has its own. */
const MOVABLE = "Piscina.kMovable";
const movable = Symbol(MOVABLE);

export interface Transferable {
  /** The object to move, or several. */
  readonly [transferableSymbol]: object | readonly object[];
  /** What is sent in this one's place. */
  readonly [valueSymbol]: unknown;
}

function isTransferable(value: object): value is Transferable {
  return transferableSymbol in value && valueSymbol in value;
}

/** Has `value` be moved to the other thread, when it is a task or a task's result. What is no object is left as it is. */
export function move<T>(value: T): T | Transferable {
  if (typeof value !== "object" || value === null) return value;
  const transferable = isTransferable(value) ? value : moving(value);
  Object.defineProperty(transferable, movable, { value: true, configurable: true, writable: true });
  return transferable;
}

function moving(value: object): Transferable {
  return { [transferableSymbol]: ArrayBuffer.isView(value) ? value.buffer : value, [valueSymbol]: value };
}

/** Did it go through `move`, here or in piscina? */
export function isMovable(value: unknown): value is Transferable {
  if (typeof value !== "object" || value === null || !isTransferable(value)) return false;
  return Object.getOwnPropertySymbols(value).some(
    (symbol) => symbol.description === MOVABLE && (value as unknown as Record<symbol, unknown>)[symbol] === true,
  );
}

/** What a movable has moved, as a list. */
export function transferListOf(value: Transferable): object[] {
  const moved = value[transferableSymbol];
  return Array.isArray(moved) ? (moved as object[]) : [moved];
}
