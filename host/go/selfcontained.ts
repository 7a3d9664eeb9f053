/**
 * Which functions can be sent as their source: those that use nothing of what surrounds them. On another thread a variable
 * from outside does not exist, so it is an error here, before anything runs, that says which one it is.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Acorn from "acorn";
import { SkeinError } from "../base/errors.js";
import { helperNamed, nameInWords } from "./helpers.js";

/** What `import` becomes, since a function imports from where it was written; what vitest makes of it; and CommonJS's. */
export const IMPORTERS = ["__skein_import", "__vite_ssr_dynamic_import__", "require"] as const;

/** Whether a function's source may import something. */
export const IMPORTS = /\bimport\b|\brequire\b|__vite_ssr_dynamic_import__/;

/** Names that every module has, or every thread, beside the properties of the global object as they are at the start. */
const GLOBALS = new Set([...globalNames(), ...IMPORTERS]);

function* globalNames(): Iterable<string> {
  for (let o: object | null = globalThis; o !== null; o = Object.getPrototypeOf(o) as object | null) {
    yield* Object.getOwnPropertyNames(o);
  }
}

/** A node of the syntax tree, whose children are found by looking at all its fields. */
type Node = Acorn.Node & Record<string, unknown>;

interface Scope {
  readonly names: Set<string>;
  readonly parent: Scope | undefined;
  /** Whether `var` declarations end up here. */
  readonly isFunction: boolean;
  /** Whether `this` and `arguments` mean something of the function's own. */
  readonly hasThis: boolean;
}

let acorn: typeof Acorn | undefined;

/**
 * The source of a function as an expression, checked.
 *
 * @throws SkeinError if it is no function's source, or uses something from outside
 */
export function checkSelfContained(text: string, name: string): string {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    throw new SkeinError(
      `${name} has no source that could be sent to another thread: it is a native or bound function. ` +
        "Wrap it in a function of your own, or export one from a module and use rt.tasks",
    );
  }
  acorn ??= createRequire(import.meta.url)(
    fileURLToPath(new URL("../vendor/acorn.cjs", import.meta.url)),
  ) as typeof Acorn;
  let tree: Node;
  try {
    tree = acorn.parseExpressionAt(text, 0, { ecmaVersion: "latest", sourceType: "module" }) as unknown as Node;
  } catch {
    tree = undefined as never;
  }
  const isFunction = tree?.type === "FunctionExpression" || tree?.type === "ArrowFunctionExpression";
  if (!isFunction || text.slice(tree.end).trim() !== "") {
    const what = /^class\b/.test(text) ? "a class" : "a method";
    throw new SkeinError(
      `${name} is ${what}, which cannot be sent to another thread by itself: write it as a function, ` +
        "or export one from a module and use rt.tasks",
    );
  }
  const free = new FreeVariables();
  free.visit(tree, undefined);
  const helpers = new Map([...free.found].map((found) => [found, helperNamed(found)]));
  const names = [...free.found].filter((found) => !free.asked.has(found) && helpers.get(found) === undefined);
  if (names.length > 0) {
    const words = names.map(nameInWords);
    const list = words.length === 1 ? words[0]! : `${words.slice(0, -1).join(", ")} and ${words.at(-1)!}`;
    throw new SkeinError(
      `${name} uses ${list} from outside, which does not exist on another thread: ` +
        "pass it as an argument, import it inside the function, or export the function from a module and use rt.tasks",
    );
  }
  const source = free.imports.reduceRight((rest, at) => rest.slice(0, at) + IMPORTERS[0] + rest.slice(at + 6), text);
  return withHelpers(`(${source})`, helpers);
}

/** A function's source with its helpers, behind it so that its lines keep their numbers. */
function withHelpers(source: string, helpers: ReadonlyMap<string, string | undefined>): string {
  const known = [...helpers].filter(([, helper]) => helper !== undefined);
  if (known.length === 0) return source;
  const names = known.map(([name]) => name).join(", ");
  return `((${names}) => ${source})(${known.map(([, helper]) => helper).join(", ")})`;
}

/** Walks a syntax tree with the scopes that its declarations make. */
class FreeVariables {
  readonly found = new Set<string>();
  /** What it asks the type of: it knows that it may not be there. */
  readonly asked = new Set<string>();
  /** Where an `import(…)` begins, in order. */
  readonly imports: number[] = [];

  visit(node: Node, scope: Scope | undefined): void {
    switch (node.type) {
      case "FunctionExpression":
      case "FunctionDeclaration":
      case "ArrowFunctionExpression":
        return this.function(node, scope);
      case "ClassExpression":
      case "ClassDeclaration":
        return this.class(node, scope);
      case "Identifier":
        return this.use(node["name"] as string, scope);
      case "ThisExpression":
        return this.own("this", scope);
      case "UnaryExpression":
        // To ask for the type of a variable that does not exist is no error.
        if (node["operator"] !== "typeof" || (node["argument"] as Node).type !== "Identifier")
          return this.children(node, scope);
        this.asked.add((node["argument"] as Node)["name"] as string);
        return;
      case "CallExpression": {
        // An async arrow function's `this`, as compilers pass it on whether it is used or not.
        const args = node["arguments"] as Node[];
        const isPassedOn = takesThis(node["callee"] as Node) && args[0]?.type === "ThisExpression";
        return this.children(isPassedOn ? { ...node, arguments: args.slice(1) } : node, scope);
      }
      case "ImportExpression":
        this.imports.push(node.start);
        return this.children(node, scope);
      case "MetaProperty": {
        const meta = (node["meta"] as Node)["name"] as string;
        if (meta === "import") this.found.add("import.meta");
        return;
      }
      case "MemberExpression":
      case "PropertyDefinition":
      case "MethodDefinition":
      case "Property":
        return this.keyed(node, scope);
      case "LabeledStatement":
        return this.visit(node["body"] as Node, scope);
      case "BreakStatement":
      case "ContinueStatement":
        return;
      case "StaticBlock":
        return this.block(node, { ...newScope(scope), isFunction: true, hasThis: true });
      case "BlockStatement":
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "SwitchStatement":
        return this.block(node, newScope(scope));
      case "CatchClause": {
        const inner = newScope(scope);
        if (node["param"]) declare(node["param"] as Node, inner.names);
        return this.block(node, inner);
      }
      default:
        this.children(node, scope);
    }
  }

  private function(node: Node, scope: Scope | undefined): void {
    const isArrow = node.type === "ArrowFunctionExpression";
    const inner = { ...newScope(scope), isFunction: true, hasThis: !isArrow };
    const id = node["id"] as Node | null;
    if (id && node.type === "FunctionExpression") inner.names.add(id["name"] as string);
    for (const param of node["params"] as Node[]) declare(param, inner.names);
    const body = node["body"] as Node;
    if (body.type === "BlockStatement") hoist(body, inner);
    for (const param of node["params"] as Node[]) this.visit(param, inner);
    if (body.type === "BlockStatement") this.children(body, inner);
    else this.visit(body, inner);
  }

  private class(node: Node, scope: Scope | undefined): void {
    const inner = newScope(scope);
    const id = node["id"] as Node | null;
    if (id) inner.names.add(id["name"] as string);
    if (node["superClass"]) this.visit(node["superClass"] as Node, inner);
    for (const member of (node["body"] as Node)["body"] as Node[]) this.visit(member, inner);
  }

  private keyed(node: Node, scope: Scope | undefined): void {
    const isMember = node.type === "MemberExpression";
    const key = node[isMember ? "property" : "key"] as Node;
    if (isMember) this.visit(node["object"] as Node, scope);
    if (node["computed"] === true) this.visit(key, scope);
    const value = node["value"] as Node | null | undefined;
    if (isMember || !value) return;
    // A field's initialiser has its object's `this`.
    this.visit(value, node.type === "PropertyDefinition" ? { ...newScope(scope), hasThis: true } : scope);
  }

  private block(node: Node, scope: Scope): void {
    declareBlock(node, scope);
    if (scope.isFunction) hoist(node, scope);
    this.children(node, scope);
  }

  private children(node: Node, scope: Scope | undefined): void {
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (typeof child === "object" && child !== null && "type" in child) this.visit(child as Node, scope);
      }
    }
  }

  private use(name: string, scope: Scope | undefined): void {
    if (name === "arguments") return this.own(name, scope);
    for (let s = scope; s; s = s.parent) if (s.names.has(name)) return;
    if (!GLOBALS.has(name)) this.found.add(name);
  }

  private own(name: string, scope: Scope | undefined): void {
    for (let s = scope; s; s = s.parent) if (s.hasThis) return;
    this.found.add(name);
  }
}

function takesThis(callee: Node): boolean {
  return callee.type === "Identifier" && /^__(?:awaiter|async)$/.test(callee["name"] as string);
}

function newScope(parent: Scope | undefined): Scope {
  return { names: new Set(), parent, isFunction: false, hasThis: false };
}

/** Adds the names that a pattern binds. */
function declare(pattern: Node, names: Set<string>): void {
  switch (pattern.type) {
    case "Identifier":
      names.add(pattern["name"] as string);
      break;
    case "ObjectPattern":
      for (const property of pattern["properties"] as Node[]) {
        declare((property.type === "RestElement" ? property["argument"] : property["value"]) as Node, names);
      }
      break;
    case "ArrayPattern":
      for (const element of pattern["elements"] as (Node | null)[]) if (element) declare(element, names);
      break;
    case "AssignmentPattern":
      declare(pattern["left"] as Node, names);
      break;
    case "RestElement":
      declare(pattern["argument"] as Node, names);
      break;
  }
}

/** Adds what the statements of a block declare for the block: let, const, classes, functions. */
function declareBlock(node: Node, scope: Scope): void {
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child !== "object" || child === null || !("type" in child)) continue;
      const it = child as Node;
      if (it.type === "VariableDeclaration") {
        for (const one of it["declarations"] as Node[]) declare(one["id"] as Node, scope.names);
      } else if (it.type === "FunctionDeclaration" || it.type === "ClassDeclaration") {
        declare(it["id"] as Node, scope.names);
      } else if (it.type === "SwitchCase") {
        declareBlock(it, scope);
      } else if (it.type === "LabeledStatement") {
        declareBlock(it, scope);
      }
    }
  }
}

/** Adds what is declared anywhere inside a function for all of it: its own block's names and every `var`. */
function hoist(body: Node, scope: Scope): void {
  declareBlock(body, scope);
  const look = (node: Node): void => {
    if (/Function|Class/.test(node.type)) return;
    if (node.type === "VariableDeclaration" && node["kind"] === "var") {
      for (const one of node["declarations"] as Node[]) declare(one["id"] as Node, scope.names);
    }
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (typeof child === "object" && child !== null && "type" in child) look(child as Node);
      }
    }
  };
  look(body);
}
