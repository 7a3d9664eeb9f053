/**
 * What goroutines share. Only what can be seen is told: a variable, map or object from outside that several goroutines of one function
 * change, where none of them locks anything.
 */
import api, {
  nodesIn,
  stripParentheses,
  type CallNode,
  type ExpressionStatementNode,
  type FunctionDeclarationNode,
  type IdentifierNode,
  type Node,
  type PropertyAccessNode,
} from "../../asc.js";
import type { Checked, Rule } from "../rule.js";
import { as, assigned, contains, type Declaration, functionIn, isFunction, isName, methodOf } from "../tree.js";

const { NodeKind } = api;

/** A goroutine is started: by a body of its own, or by a call. */
interface Launch {
  readonly call: CallNode;
  /** The function expression that it runs. */
  readonly body: FunctionDeclarationNode | null;
  /** The loop, the innermost of its function, that starts one on each turn. */
  readonly loop: Node | null;
}

const STARTS = new Set(["go", "tryGo", "submit"]);

/** The goroutines that a file starts. */
function launchesOf({ tree }: Checked): Launch[] {
  const launches: Launch[] = [];
  for (const node of tree.nodes) {
    const call = as<CallNode>(node, NodeKind.Call);
    const name = call && (isName(call.expression) ? call.expression.text : (methodOf(call)?.name ?? ""));
    if (!call || !STARTS.has(name ?? "") || call.args.length !== 1) continue;
    const argument = stripParentheses(call.args[0]!);
    // A method `go` of the program's own takes what it likes.
    const body = functionIn(argument);
    if (body || (name === "go" && argument.kind === NodeKind.Call)) {
      launches.push({ call, body, loop: tree.loopsOf(call)[0] ?? null });
    }
  }
  return launches;
}

/** Where a goroutine changes what it has from outside. */
interface Write {
  readonly at: Node;
  readonly variable: Declaration;
  readonly name: string;
}

const CHANGES = new Map([
  ["~lib/map/Map", new Set(["set", "delete", "clear"])],
  ["~lib/set/Set", new Set(["add", "delete", "clear"])],
  ["~lib/array/Array", new Set(["push", "pop", "shift", "unshift", "splice", "sort", "reverse"])],
]);

/** What of variables that are declared outside of `body` it changes. */
function writesOf({ tree, facts }: Checked, body: FunctionDeclarationNode): Write[] {
  const writes: Write[] = [];
  const note = (at: Node, target: Node): void => {
    if (!isName(target)) return;
    const variable = tree.declarationOf(target);
    if (variable && !contains(body, variable)) writes.push({ at, variable, name: target.text });
  };
  for (const node of nodesIn(body)) {
    const target = assigned(node);
    if (target) note(node, target);
    // A field that is counted up; one that is only set is often another object's on each turn.
    const field =
      target && node.kind !== NodeKind.Binary ? as<PropertyAccessNode>(target, NodeKind.PropertyAccess) : null;
    if (field) note(node, stripParentheses(field.expression));
    const method = methodOf(node);
    if (method && CHANGES.get(facts.classOf(method.object))?.has(method.name)) note(node, method.object);
  }
  return writes;
}

/** Methods and functions by which goroutines take turns. */
const TURNS = new Set(["lock", "rlock", "tryLock", "acquire", "tryAcquire", "do"]);
const WAITS = new Set(["wait", "recv", "receive", "get", "join", "lock", "acquire", "send"]);

/** Whether anything in a node is called by one of these names; of functions in it, not what `except` holds. */
function calls(node: Node, names: ReadonlySet<string>, except: Node | null = null): boolean {
  return [...nodesIn(node, (inner) => inner !== except)].some((inner) => names.has(methodOf(inner)?.name ?? ""));
}

/** Whether goroutines that run `body` pass something round, so that one runs at a time: a channel of which each takes and gives back. */
function passesToken({ tree }: Checked, body: Node): boolean {
  const named = (wanted: RegExp): Set<string> => {
    const methods = [...nodesIn(body)].map(methodOf).filter((method) => method !== null && wanted.test(method.name));
    return new Set(methods.map((method) => tree.textOf(method!.object)));
  };
  const taken = named(/^(?:recv|receive)$/);
  return [...named(/^send$/)].some((channel) => taken.has(channel));
}

export const sharedWrite: Rule = {
  name: "shared-write",
  about: "a variable, map or array that several goroutines change, and none locks",
  check(checked, report) {
    const launches = launchesOf(checked);
    const told = new Set<Node>();
    const tell = ({ at, name }: Write): void => {
      if (told.has(at)) return;
      told.add(at);
      report(at, `several goroutines may change '${name}' at the same time: use a Mutex, an Atomic, or a channel`);
    };
    const writes = new Map<Launch, Write[]>();
    for (const launch of launches) {
      const { body } = launch;
      if (!body || calls(body, TURNS) || passesToken(checked, body)) continue;
      const own = writesOf(checked, body);
      writes.set(launch, own);
      const { loop } = launch;
      if (!loop || calls(loop, WAITS, launch.call)) continue;
      own.filter(({ variable }) => !contains(loop, variable)).forEach(tell);
    }
    // Two goroutines of one function, neither of which waits for the other.
    for (const [one, ofOne] of writes) {
      for (const [other, ofOther] of writes) {
        if (one === other || one.call.range.start > other.call.range.start || !areBeside(checked, one, other)) continue;
        for (const write of ofOther) {
          const before = ofOne.find(({ variable }) => variable === write.variable);
          if (before) [before, write].forEach(tell);
        }
      }
    }
    for (const launch of launches) if (!launch.body) checkCall(checked, launch, tell);
  },
};

/** Whether two goroutines are started by one function without anything that waits between them. */
function areBeside({ tree }: Checked, one: Launch, other: Launch): boolean {
  const around = tree.functionOf(one.call);
  if (around === null || around !== tree.functionOf(other.call) || contains(one.call, other.call)) return false;
  if (branchOf(tree, one.call, around) !== branchOf(tree, other.call, around)) return false;
  const { start } = one.call.range;
  const { start: end } = other.call.range;
  return ![...nodesIn(around, (inner) => inner !== one.call)].some(
    (node) => node.range.start > start && node.range.end < end && (isWaiting(node) || isSleeping(node)),
  );
}

function isWaiting(node: Node): boolean {
  return WAITS.has(methodOf(node)?.name ?? "");
}

function isSleeping(node: Node): boolean {
  const callee = as<CallNode>(node, NodeKind.Call)?.expression;
  return callee !== undefined && isName(callee) && /^(?:sleep|gosched|settle)$/.test(callee.text);
}

/** The innermost branch of an `if` or `switch` that a node is in. */
function branchOf(tree: Checked["tree"], node: Node, within: Node): Node | null {
  let inner = node;
  for (const at of tree.around(node)) {
    if (at === within) return null;
    if (at.kind === NodeKind.If || at.kind === NodeKind.Switch) return inner;
    inner = at;
  }
  return null;
}

/** A function of the program that goroutines run as it is: what it changes of its file, and of what each of them is given. */
function checkCall(checked: Checked, { call, loop }: Launch, tell: (write: Write) => void): void {
  if (!loop || calls(loop, WAITS, call)) return;
  const started = stripParentheses(call.args[0]!) as CallNode;
  const { declaration } = checked.facts.calleeOf(started) ?? {};
  if (!declaration || !isFunction(declaration)) return;
  const target = declaration as FunctionDeclarationNode;
  const tree = checked.trees.find(({ source }) => source === target.range.source);
  if (!tree || !target.body || calls(target.body, TURNS) || passesToken({ ...checked, tree }, target.body)) return;
  const inside = { ...checked, tree };
  writesOf(inside, target).forEach(tell);
  for (const [i, parameter] of target.signature.parameters.entries()) {
    const given = started.args[i] && stripParentheses(started.args[i]);
    if (!given || !isName(given)) continue;
    const variable = checked.tree.declarationOf(given);
    if (!variable || contains(loop, variable)) continue;
    for (const node of nodesIn(target.body)) {
      const method = methodOf(node);
      if (!method || !isName(method.object) || tree.declarationOf(method.object) !== parameter) continue;
      if (CHANGES.get(checked.facts.classOf(method.object))?.has(method.name)) {
        tell({ at: node, variable: parameter, name: parameter.name.text });
      }
    }
  }
}

export const loopVariable: Rule = {
  name: "loop-variable",
  about: "a goroutine uses a variable that the loop around it goes on changing",
  check(checked, report) {
    const { tree } = checked;
    for (const { call, body, loop } of launchesOf(checked)) {
      if (!body || !loop || calls(loop, WAITS, call) || calls(body, TURNS)) continue;
      const changed = new Set<Declaration>();
      for (const node of nodesIn(loop, (inner) => inner !== call)) {
        const target = assigned(node);
        const variable = target && isName(target) ? tree.declarationOf(target) : null;
        if (variable && !contains(loop, variable) && tree.functionOf(variable) === tree.functionOf(call))
          changed.add(variable);
      }
      const use = [...nodesIn(body)].find((node) => isName(node) && changed.has(tree.declarationOf(node)!)) as
        IdentifierNode | undefined;
      if (!use || !tree.functionOf(call)) continue;
      report(
        use,
        `the loop goes on changing '${use.text}', which all its goroutines share: const own = ${use.text} before go`,
      );
    }
  },
};

export const lateAdd: Rule = {
  name: "late-add",
  about: "wg.add inside of the goroutine that it counts: wait may be over before it",
  check({ tree, facts, ...rest }, report) {
    for (const { body, call } of launchesOf({ tree, facts, ...rest })) {
      const { statements } = (body?.body ?? {}) as { readonly statements?: readonly Node[] };
      for (const statement of statements ?? []) {
        const method = methodOf(as<ExpressionStatementNode>(statement, NodeKind.Expression)?.expression ?? null);
        if (method?.name !== "add" || facts.classOf(method.object) !== "~lib/skein/runtime/sync/waitgroup/WaitGroup")
          continue;
        const variable = isName(method.object) ? tree.declarationOf(method.object) : null;
        if (variable && contains(call, variable)) continue;
        const wg = tree.textOf(method.object);
        report(method.call, `${wg}.wait() may be over before this: add before go, or ${wg}.go(…)`);
      }
    }
  },
};
