/**
 * Shapes: the property names of plain objects, written to shared memory once, so that an object is the address of its shape
 * and its values.
 *
 * A shape is never freed or changed: its address names it on all threads for as long as the memory lives. Each thread writes
 * the shapes that it meets first, and at most MAX_SHAPES of them; objects whose names vary without end (dictionaries) are
 * written with their names.
 *
 * A shape's block: u32 number of names, then for each u32 length in UTF-16 units and the units, aligned to 4 bytes.
 */
import type { Memory } from "../base/memory.js";

/** Shapes that one thread makes, and sets of names that it remembers at a time. */
const MAX_SHAPES = 1000;
const MAX_MET = 4 * MAX_SHAPES;
/** Names, and characters of all of them, that a shape has at most. */
const MAX_NAMES = 64;
const MAX_CHARACTERS = 1024;
/** An object's names become a shape when they are met this often. */
const MEETINGS = 2;

interface Known {
  readonly names: readonly string[];
  /** 0 until it is met often enough, or for good if there are too many. */
  address: number;
  met: number;
}

/** Reads the values of a shape's properties, in order. */
export interface ValueReader {
  value(): unknown;
}

/** What a thread knows to do with a shape that it was sent. */
interface Shape {
  readonly size: number;
  /** Whether `build` may be used: the object's number is not needed before its values are read. */
  build(reader: ValueReader): Record<string, unknown>;
  fill(object: Record<string, unknown>, reader: ValueReader): void;
}

/** The shapes of one memory, as one thread knows them. */
export class Shapes {
  /** What was met, by first name and number of names. */
  private met = new Map<string, Known[]>();
  private metCount = 0;
  private made = 0;
  private readonly received = new Map<number, Shape>();

  constructor(
    private readonly memory: Memory,
    private readonly alloc: (bytes: number) => number,
  ) {}

  /** The address of the shape with these names; 0 if there is none, and the names have to be written. */
  find(names: readonly string[]): number {
    const n = names.length;
    if (n === 0 || n > MAX_NAMES) return 0;
    const list = this.met.get(names[0]!);
    if (list !== undefined) {
      next: for (const known of list) {
        const own = known.names;
        if (own.length !== n) continue;
        for (let i = 1; i < n; i++) if (own[i] !== names[i]) continue next;
        return known.address !== 0 ? known.address : this.meet(known);
      }
    }
    this.remember(names, list);
    return 0;
  }

  /** The shape at an address. */
  at(address: number): Shape {
    let shape = this.received.get(address);
    if (shape === undefined) {
      shape = newShape(this.read(address));
      this.received.set(address, shape);
    }
    return shape;
  }

  private remember(names: readonly string[], list: Known[] | undefined): void {
    if (this.made >= MAX_SHAPES || names.includes("__proto__")) return;
    if (names.reduce((sum, name) => sum + name.length, 0) > MAX_CHARACTERS) return;
    if (++this.metCount > MAX_MET) this.forget();
    const known = { names, address: 0, met: 1 };
    if (list === undefined) this.met.set(names[0]!, [known]);
    else list.push(known);
  }

  private meet(known: Known): number {
    if (++known.met < MEETINGS || this.made >= MAX_SHAPES) return 0;
    this.made++;
    known.address = this.write(known.names);
    return known.address;
  }

  /** Forgets the names that have not become shapes. */
  private forget(): void {
    const kept = new Map<string, Known[]>();
    this.metCount = 0;
    for (const [first, list] of this.met) {
      const shapes = list.filter((known) => known.address !== 0);
      this.metCount += shapes.length;
      if (shapes.length > 0) kept.set(first, shapes);
    }
    this.met = kept;
  }

  private write(names: readonly string[]): number {
    const bytes = names.reduce((sum, name) => sum + 4 + ((name.length * 2 + 3) & ~3), 4);
    const address = this.alloc(bytes) >>> 0;
    const { data } = this.memory;
    data.setUint32(address, names.length, true);
    let at = address + 4;
    for (const name of names) {
      data.setUint32(at, name.length, true);
      at += 4;
      for (let i = 0; i < name.length; i++) data.setUint16(at + 2 * i, name.charCodeAt(i), true);
      at += (name.length * 2 + 3) & ~3;
    }
    return address;
  }

  private read(address: number): string[] {
    const { data } = this.memory;
    const count = data.getUint32(address, true);
    const names: string[] = [];
    let at = address + 4;
    for (let k = 0; k < count; k++) {
      const length = data.getUint32(at, true);
      at += 4;
      names.push(this.memory.utf16(at, length * 2));
      at += (length * 2 + 3) & ~3;
    }
    return names;
  }
}

/** Objects of one literal have their properties in place from the start; generated where the process allows that. */
function newShape(names: readonly string[]): Shape {
  const shape = {
    size: names.length,
    fill(object: Record<string, unknown>, reader: ValueReader): void {
      for (const name of names) object[name] = reader.value();
    },
    build(reader: ValueReader): Record<string, unknown> {
      const object: Record<string, unknown> = {};
      shape.fill(object, reader);
      return object;
    },
  };
  try {
    const literal = names.map((name) => `${JSON.stringify(name)}: reader.value()`).join(", ");
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- nothing but quoted names goes in
    shape.build = new Function("reader", `return { ${literal} };`) as typeof shape.build;
  } catch {
    // Code generation from strings is turned off.
  }
  return shape;
}
