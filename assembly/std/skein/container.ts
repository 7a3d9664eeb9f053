/**
 * `import { … } from "skein/container"`: a heap and a list, after Go's `container/heap` and `container/list`. Like arrays and maps they belong to one
 * goroutine at a time.
 *
 * On a goroutine.
 */
import { gopanic } from "./runtime/base/panic";

/** A queue by priority: of any two values `less(a, b)` says whether `a` comes first. */
export class Heap<T> {
  private readonly values: T[] = [];

  constructor(private readonly less: (a: T, b: T) => bool) {}

  get length(): i32 {
    return this.values.length;
  }

  /** The first; panics if there is none. */
  peek(): T {
    if (this.values.length == 0) gopanic("heap: it is empty");
    return this.values[0];
  }

  push(value: T): void {
    this.values.push(value);
    this.up(this.values.length - 1);
  }

  /** Takes the first; panics if there is none. */
  pop(): T {
    if (this.values.length == 0) gopanic("heap: it is empty");
    return this.removeAt(0);
  }

  /** Where the first value is for which `is` holds, in no order; -1 if there is none. For `fix` and `removeAt`. */
  findIndex(is: (value: T) => bool): i32 {
    for (let i = 0; i < this.values.length; i++) if (is(this.values[i])) return i;
    return -1;
  }

  /** Takes the value at a place. */
  removeAt(i: i32): T {
    const values = this.values;
    const removed = values[i];
    const last = values.pop();
    if (i < values.length) {
      values[i] = last;
      this.fix(i);
    }
    return removed;
  }

  /** Puts the value at a place, whose priority has changed, where it belongs. */
  fix(i: i32): void {
    if (!this.down(i)) this.up(i);
  }

  private up(i: i32): void {
    const values = this.values;
    const value = values[i];
    while (i > 0) {
      const above = (i - 1) >> 1;
      if (!this.less(value, values[above])) break;
      values[i] = values[above];
      i = above;
    }
    values[i] = value;
  }

  /** True if it went anywhere. */
  private down(start: i32): bool {
    const values = this.values;
    const value = values[start];
    let i = start;
    while (true) {
      let below = 2 * i + 1;
      if (below >= values.length) break;
      if (below + 1 < values.length && this.less(values[below + 1], values[below])) below++;
      if (!this.less(values[below], value)) break;
      values[i] = values[below];
      i = below;
    }
    values[i] = value;
    return i > start;
  }
}

/** A place in a list. */
export class ListElement<T> {
  /** The list that it is in; null once it was removed. */
  @unsafe list: List<T> | null = null;
  /** Its neighbours; null at the ends. */
  next: ListElement<T> | null = null;
  prev: ListElement<T> | null = null;

  constructor(public value: T) {}
}

/** A list with links both ways: everything but a search takes the same time wherever it is. */
export class List<T> {
  front: ListElement<T> | null = null;
  back: ListElement<T> | null = null;
  length: i32 = 0;

  pushFront(value: T): ListElement<T> {
    return this.insert(new ListElement<T>(value), null, this.front);
  }

  pushBack(value: T): ListElement<T> {
    return this.insert(new ListElement<T>(value), this.back, null);
  }

  insertBefore(value: T, mark: ListElement<T>): ListElement<T> {
    this.check(mark);
    return this.insert(new ListElement<T>(value), mark.prev, mark);
  }

  insertAfter(value: T, mark: ListElement<T>): ListElement<T> {
    this.check(mark);
    return this.insert(new ListElement<T>(value), mark, mark.next);
  }

  /** Takes an element out; one that is not in this list stays where it is. */
  remove(element: ListElement<T>): T {
    if (element.list === this) this.unlink(element);
    return element.value;
  }

  moveToFront(element: ListElement<T>): void {
    this.check(element);
    this.unlink(element);
    this.insert(element, null, this.front);
  }

  moveToBack(element: ListElement<T>): void {
    this.check(element);
    this.unlink(element);
    this.insert(element, this.back, null);
  }

  /** The values, from the front on. */
  values(): T[] {
    const values = new Array<T>();
    let it = this.front;
    while (it) {
      values.push(it.value);
      it = it.next;
    }
    return values;
  }

  private check(element: ListElement<T>): void {
    if (element.list !== this) gopanic("list: the element is not in this list");
  }

  private insert(element: ListElement<T>, prev: ListElement<T> | null, next: ListElement<T> | null): ListElement<T> {
    element.list = this;
    element.prev = prev;
    element.next = next;
    if (prev) prev.next = element;
    else this.front = element;
    if (next) next.prev = element;
    else this.back = element;
    this.length++;
    return element;
  }

  private unlink(element: ListElement<T>): void {
    const prev = element.prev;
    const next = element.next;
    if (prev) prev.next = next;
    else this.front = next;
    if (next) next.prev = prev;
    else this.back = prev;
    element.prev = null;
    element.next = null;
    element.list = null;
    this.length--;
  }
}
