/** Mutexes: a way out of a function that leaves one locked, and one that nobody else can have. */
import api, {
  LOOPS,
  nodesIn,
  stripParentheses,
  type BlockNode,
  type CallNode,
  type ExpressionStatementNode,
  type IfNode,
  type NewNode,
  type Node,
  type SwitchNode,
  type TryNode,
  type VariableNode,
} from "../../asc.js";
import type { Checked, Report, Rule } from "../rule.js";
import { as, isFunction, isName, methodOf } from "../tree.js";

const { NodeKind } = api;

const LOCK = /^~lib\/skein\/runtime\/sync\/(?:mutex\/Mutex|rwmutex\/RWMutex)#(lock|rlock)$/;
const UNLOCKS = new Map([
  ["lock", "unlock"],
  ["rlock", "runlock"],
]);

/** A lock that is held: what it is called, as in `this.mu.unlock`, and the call that took it. */
type Held = ReadonlyMap<string, CallNode>;

export const heldLock: Rule = {
  name: "held-lock",
  about: "a return between lock and unlock: the mutex stays locked",
  check(checked, report) {
    for (const node of checked.tree.nodes) {
      if (!isFunction(node)) continue;
      const { body } = node as Node & { readonly body: Node | null };
      if (body) new Ways(checked, body, report).walk();
    }
  },
};

/** The ways through a function, as far as its statements say. */
class Ways {
  /** What the function unlocks anywhere: a lock that it only takes is for others to give back. */
  private readonly unlocks = new Set<string>();
  private readonly deferred = new Set<string>();

  constructor(
    private readonly checked: Checked,
    private readonly body: Node,
    private readonly report: Report,
  ) {
    for (const node of nodesIn(body, (inner) => inner === body || !isFunction(inner))) {
      const name = this.unlocked(node);
      if (name !== null) this.unlocks.add(name);
    }
  }

  walk(): void {
    const held = this.statement(this.body, new Map());
    for (const [name, call] of held ?? []) {
      if (this.isOurs(name))
        this.report(call, `some way to the end of the function leaves this locked: ${this.advice(name)}`);
    }
  }

  private isOurs(name: string): boolean {
    return this.unlocks.has(name) && !this.deferred.has(name);
  }

  private advice(name: string): string {
    return `write defer(${name}()) behind it`;
  }

  /** What is held behind a statement; null if nothing behind it is reached. */
  private statement(node: Node, held: Held): Held | null {
    switch (node.kind) {
      case NodeKind.Block:
        return this.list((node as BlockNode).statements, held);
      case NodeKind.Expression:
        return this.expression((node as ExpressionStatementNode).expression, held);
      case NodeKind.Return:
        for (const name of held.keys()) {
          if (this.isOurs(name) && !this.unlocksIn(node, name))
            this.report(
              node,
              `this returns with ${name.replace(/\.\w+$/, "")} locked: ${this.advice(name)} where it is locked`,
            );
        }
        return null;
      case NodeKind.Throw:
      case NodeKind.Break:
      case NodeKind.Continue:
        return null;
      case NodeKind.If: {
        const { ifTrue, ifFalse } = node as IfNode;
        return both(this.statement(ifTrue, held), ifFalse ? this.statement(ifFalse, held) : held);
      }
      case NodeKind.Switch: {
        // A case may be reached from the one before, and left by a break: what they do to locks is not followed further.
        for (const { statements } of (node as SwitchNode).cases) this.list(statements, held);
        return this.without(node, held);
      }
      case NodeKind.Try: {
        const { bodyStatements, catchStatements, finallyStatements } = node as TryNode;
        const inside = new Map(held);
        for (const statement of finallyStatements ?? [])
          for (const name of this.namesIn(statement)) inside.delete(name);
        this.list(bodyStatements, inside);
        if (catchStatements) this.list(catchStatements, inside);
        return this.without(node, held);
      }
      default:
        if (!LOOPS.has(node.kind)) return held;
        this.statement((node as Node & { readonly body: Node }).body, held);
        return this.without(node, held);
    }
  }

  private list(statements: readonly Node[], held: Held): Held | null {
    let now: Held | null = held;
    for (const statement of statements) {
      now = this.statement(statement, now);
      if (now === null) return null;
    }
    return now;
  }

  private expression(node: Node, held: Held): Held {
    const { tree, facts } = this.checked;
    const method = methodOf(node);
    const lock = method && LOCK.exec(facts.calleeName(method.call))?.[1];
    if (method && lock) return new Map([...held, [`${tree.textOf(method.object)}.${UNLOCKS.get(lock)!}`, method.call]]);
    const call = as<CallNode>(node, NodeKind.Call);
    if (call && isName(call.expression) && call.expression.text === "defer") {
      for (const name of this.namesIn(call)) this.deferred.add(name);
    }
    return this.without(node, held);
  }

  /** What is held but for what a node unlocks somewhere. */
  private without(node: Node, held: Held): Held {
    const names = this.namesIn(node);
    return new Map([...held].filter(([name]) => !names.has(name)));
  }

  private namesIn(node: Node): ReadonlySet<string> {
    return new Set([...nodesIn(node)].flatMap((inner) => this.unlocked(inner) ?? []));
  }

  private unlocksIn(node: Node, name: string): boolean {
    return this.namesIn(node).has(name);
  }

  private unlocked(node: Node): string | null {
    const method = methodOf(node);
    if (!method || (method.name !== "unlock" && method.name !== "runlock")) return null;
    return `${this.checked.tree.textOf(method.object)}.${method.name}`;
  }
}

/** What is held behind two ways that meet. */
function both(one: Held | null, other: Held | null): Held | null {
  if (one === null || other === null) return one ?? other;
  return new Map([...one].filter(([name]) => other.has(name)));
}

export const localLock: Rule = {
  name: "local-lock",
  about: "a mutex made by the function that locks it, and used by nobody else: it protects nothing",
  check({ tree, facts }, report) {
    for (const node of tree.nodes) {
      const variable = as<VariableNode>(node, NodeKind.VariableDeclaration);
      const made = variable?.initializer && as<NewNode>(stripParentheses(variable.initializer), NodeKind.New);
      if (!variable || !made || !/\/sync\/(?:mutex\/Mutex|rwmutex\/RWMutex)$/.test(facts.classOf(made))) continue;
      const around = tree.functionOf(variable);
      // What runs as a goroutine of its own may be one of many, each with its own.
      if (!around?.body) continue;
      const uses = [...nodesIn(around.body)].filter(
        (use) =>
          isName(use) &&
          use.text === variable.name.text &&
          use !== variable.name &&
          tree.declarationOf(use) === variable,
      );
      const locks = uses.map((use) => {
        const access = tree.parentOf(use);
        const method = access && methodOf(tree.parentOf(access));
        return method?.object === use && tree.functionOf(use) === around ? method.name : null;
      });
      if (locks.length === 0 || locks.includes(null) || !locks.some((name) => name === "lock" || name === "rlock"))
        continue;
      report(variable, "no other goroutine has this mutex, so it keeps nobody out: declare it beside what it protects");
    }
  },
};
