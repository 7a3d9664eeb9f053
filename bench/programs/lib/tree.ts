/** Trees that mutators change, for the programs that measure what a collection costs them. */

export class Node {
  left: Node | null = null;
  right: Node | null = null;
  bytes: StaticArray<u8>;

  constructor(size: i32) {
    this.bytes = new StaticArray<u8>(size);
  }

  count(): i32 {
    const left = this.left;
    const right = this.right;
    return 1 + (left ? left.count() : 0) + (right ? right.count() : 0);
  }

  /** A node so many steps below this one, which `way` leads to. */
  below(steps: i32, way: u32): Node {
    let node: Node = this;
    for (; steps > 0; steps--) {
      node = way & 1 ? node.left! : node.right!;
      way >>= 1;
    }
    return node;
  }

  /** Has the children change places. */
  swap(): void {
    const left = this.left;
    this.left = this.right;
    this.right = left;
  }
}

/** A tree that is so deep, each node with bytes of its own. */
export function grow(depth: i32, size: i32): Node {
  const node = new Node(size);
  if (depth > 0) {
    node.left = grow(depth - 1, size);
    node.right = grow(depth - 1, size);
  }
  return node;
}

/** The next of a row of scattered numbers. */
export function scattered(n: u32): u32 {
  n ^= n << 13;
  n ^= n >> 17;
  return n ^ (n << 5);
}
