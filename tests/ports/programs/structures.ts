// Containers and texts.

import { println } from "skein";
import { Heap, List, ListElement } from "skein/container";
import { parse, quote, toFixed } from "skein/strconv";

class Item {
  constructor(
    public value: string,
    public priority: i32,
  ) {}
}

export function priorityQueue(): void {
  const queue = new Heap<Item>((a, b) => a.priority > b.priority);
  const names = ["banana", "apple", "pear"];
  const priorities = [3, 2, 4];
  for (const [i, name] of names.entries()) queue.push(new Item(name, priorities[i]));
  const orange = new Item("orange", 1);
  queue.push(orange);
  orange.priority = 5;
  queue.fix(queue.findIndex((item) => item.value == "orange"));
  while (queue.length > 0) {
    const item = queue.pop();
    println(`${item.priority.toString().padStart(2, "0")}:${item.value}`);
  }
}

class Entry {
  constructor(
    readonly key: string,
    public value: i32,
  ) {}
}

class Cache {
  private readonly entries: List<Entry> = new List<Entry>();
  private readonly places: Map<string, ListElement<Entry>> = new Map<string, ListElement<Entry>>();

  constructor(private readonly capacity: i32) {}

  get(key: string): i32 {
    if (!this.places.has(key)) return -1;
    const place = this.places.get(key);
    this.entries.moveToFront(place);
    return place.value.value;
  }

  put(key: string, value: i32): void {
    if (this.places.has(key)) {
      this.places.get(key).value.value = value;
      this.get(key);
      return;
    }
    if (this.entries.length == this.capacity) this.places.delete(this.entries.remove(this.entries.back!).key);
    this.places.set(key, this.entries.pushFront(new Entry(key, value)));
  }
}

export function leastRecentlyUsed(): void {
  const cache = new Cache(2);
  cache.put("a", 1);
  cache.put("b", 2);
  println(`${cache.get("a")}`);
  cache.put("c", 3);
  println(`${cache.get("b")} ${cache.get("a")} ${cache.get("c")}`);
  cache.put("a", 10);
  cache.put("d", 4);
  println(`${cache.get("c")} ${cache.get("a")} ${cache.get("d")}`);
}

function tried<T>(text: string): string {
  const parsed = parse<T>(text);
  const error = parsed.error;
  return error ? error.message : `${parsed.value}`;
}

export function parsingNumbers(): void {
  for (const text of ["42", "-7", "", "4x", "128", "-129", "+5"]) println(tried<i8>(text));
  println(tried<u64>("18446744073709551615"));
  println(tried<bool>("maybe"));
  println(`${toFixed(parse<f64>("2.50").value, 2)} ${quote("a\tb")}`);
}
