// The dining philosophers. Five sit round a table, a fork between each two, and eat with both forks next to them. If each
// took the left fork first, all five could hold one and wait for the other for ever: here, everyone takes the fork with the
// lower number first, so somebody can always eat.
//
//     npx skein run examples/dining.ts -- 5           meals for each (3 unless told)

import { go, Mutex, WaitGroup, args, now, println, sleep, Microsecond } from "skein";
import { parse } from "skein/strconv";

const NAMES: string[] = ["Aristotle", "Hypatia", "Kant", "Spinoza", "Weil"];

class Philosopher {
  meals: i32 = 0;

  constructor(
    public name: string,
    public first: Mutex,
    public second: Mutex,
  ) {}

  dine(meals: i32, table: WaitGroup): void {
    while (this.meals < meals) {
      this.think();
      this.first.lock();
      this.second.lock();
      this.eat();
      this.second.unlock();
      this.first.unlock();
    }
    println(`${this.name} has eaten ${this.meals} times and leaves`);
    table.done();
  }

  think(): void {
    sleep((now() % 500) * Microsecond);
  }

  eat(): void {
    this.meals++;
    println(`${this.name} eats`);
    sleep(200 * Microsecond);
  }
}

export function main(): void {
  const list = args();
  const meals = list.length > 0 ? parse<i32>(list[0]).must() : 3;
  const forks: Mutex[] = [];
  for (let i = 0; i < NAMES.length; i++) forks.push(new Mutex());

  const table = new WaitGroup();
  for (let i = 0; i < NAMES.length; i++) {
    const other = (i + 1) % NAMES.length;
    const philosopher = new Philosopher(NAMES[i], forks[<i32>Math.min(i, other)], forks[<i32>Math.max(i, other)]);
    table.add();
    go(philosopher.dine(meals, table));
  }
  table.wait();
  println("the table is empty");
}
