/**
 * Random control flow: bodies of functions `(a: i32, b: i32): i32` with loops of every kind, one within the other, and all
 * that leaves them or goes on with them. Each ends: loops count to a small number, however they go on.
 *
 * They use the names that safepoints.test.ts declares: mem, upTo, collatz.
 */

/** Loops inside of loops, switches and ifs, at most. */
const DEPTH = 4;

/** Bodies of functions, the same ones for the same seed. */
export function randomFunctions(seed: number, count: number): string[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => new Body(random).text);
}

/** Marsaglia's xorshift. */
class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  below(n: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    this.state >>>= 0;
    return this.state % n;
  }

  of<T>(...choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

class Body {
  readonly text: string;
  private readonly random: Random;
  private counters = 0;

  constructor(random: Random) {
    this.random = random;
    this.text = `let c = a ^ b;\n${this.statements(3, DEPTH, [])}return a * 7 + b * 13 + c;`;
  }

  private variable(): string {
    return this.random.of("a", "b", "c");
  }

  private expression(depth: number, counters: readonly string[]): string {
    const { random } = this;
    const inner = (): string => this.expression(depth - 1, counters);
    switch (random.below(depth > 0 ? 9 : 3)) {
      case 0:
        return this.variable();
      case 1:
        return String(random.below(20) - 5);
      case 2:
        return counters.length > 0 ? random.of(...counters) : this.variable();
      case 3:
      case 4:
        return `(${inner()} ${random.of("+", "^", "*")} ${inner()})`;
      case 5:
        return `mem[${inner()} & 15]`;
      case 6:
        return `upTo(${inner()} & 7)`;
      case 7:
        return `collatz((${inner()} & 15) + 1)`;
      default:
        return `(${this.condition(depth - 1, counters)} ? ${inner()} : ${inner()})`;
    }
  }

  private condition(depth: number, counters: readonly string[]): string {
    const { random } = this;
    const side = (): string => `(${this.expression(depth, counters)} & 7)`;
    const comparison = `${side()} ${random.of("<", ">", "==", "!=", "<=", ">=")} ${side()}`;
    return random.below(4) === 0 ? `(${comparison} && mem[${this.variable()} & 15]++ > 3)` : `(${comparison})`;
  }

  private statements(atMost: number, depth: number, counters: readonly string[], inSwitch = false): string {
    const count = 1 + this.random.below(atMost);
    return Array.from({ length: count }, () => this.statement(depth, counters, inSwitch)).join("");
  }

  private statement(depth: number, counters: readonly string[], inSwitch: boolean): string {
    const { random } = this;
    const value = (): string => this.expression(2, counters);
    switch (random.below(depth > 0 ? 12 : 5)) {
      case 0:
      case 1:
        return `${this.variable()} ${random.of("=", "+=", "^=", "-=")} ${value()};\n`;
      case 2:
        return `mem[${value()} & 15] ${random.of("=", "+=", "^=")} ${value()};\n`;
      case 3: {
        if (counters.length === 0) return "a++;\n";
        const leave = inSwitch ? "continue" : random.of("break", "continue");
        return `if (${this.condition(1, counters)}) ${leave};\n`;
      }
      case 4:
        return `if ((${this.variable()} & 63) == ${random.below(64)}) return ${value()};\n`;
      case 5:
      case 6: {
        const branch = (): string => `{\n${this.statements(3, depth - 1, counters, inSwitch)}}`;
        return `if (${this.condition(1, counters)}) ${branch()}${random.of("", ` else ${branch()}`)}\n`;
      }
      case 7:
        return this.switch(depth, counters);
      default:
        return this.loop(depth, counters);
    }
  }

  private switch(depth: number, counters: readonly string[]): string {
    const { random } = this;
    const inLoop = counters.length > 0;
    const cases = Array.from({ length: 2 + random.below(4) }, (_, i) => {
      const end = random.of("", "break;\n", inLoop ? "continue;\n" : "break;\n");
      return `case ${i}:\n${this.statements(2, depth - 1, counters, inLoop)}${end}`;
    });
    const last = random.of("", `default:\n${this.statements(1, depth - 1, counters, inLoop)}`);
    return `switch (${this.expression(1, counters)} & 7) {\n${cases.join("")}${last}}\n`;
  }

  private loop(depth: number, outer: readonly string[]): string {
    const { random } = this;
    const i = `i${this.counters++}`;
    const counters = [...outer, i];
    const turns = 1 + random.below(7);
    const body = this.statements(4, depth - 1, counters);
    const also = random.of("", ` && ${this.condition(1, counters)}`);
    switch (random.below(4)) {
      case 0:
        return `let ${i} = 0;\nwhile (${i}++ < ${turns}) {\n${body}}\n`;
      case 1:
        return `let ${i} = 0;\ndo {\n${i}++;\n${body}} while (${i} < ${turns}${also});\n`;
      case 2:
        return `for (let ${i} = ${turns}; ${i} > 0; ${i}--) {\n${body}}\n`;
      default:
        return `for (let ${i} = 0; ${i} < ${turns}${also}; ${i}++) {\n${body}}\n`;
    }
  }
}
