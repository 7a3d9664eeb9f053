/**
 * Bodies of goroutines: the function expression in `go(() => { … })`, compiled to a function of its own whose parameters
 * are what it uses from its surroundings.
 *
 * A body is a closure that is called once, so it needs no object: what it captures travels in the task. Each local of the
 * surroundings that it mentions, and `this`, is evaluated where the body is started, with the type known there (a nullable local
 * that was tested is not null inside), and becomes a parameter; of a shared variable (`captures.ts`) the address of its cell does.
 *
 * The body's function is a sibling of the one around it, not a child: it has the same parent, type arguments and `this`
 * type. So `this.x`, statics, members of namespaces and type parameters resolve as in the surroundings.
 */
import api, {
  type Expr,
  type Flow,
  type FunctionInstance,
  type FunctionNode,
  type Local,
  type Node,
  type ParameterNode,
  type Type,
} from "./asc.js";
import type { Captures } from "./captures.js";
import type { Cells } from "./cells.js";
import { exposeConstants, exposeTypeAliases, type Closures } from "./closures.js";
import type { Session } from "./session.js";

const { CommonFlags, Constraints, ElementKind } = api;

/** A compiled body and what to start it with: `this` if used, the arguments, then the captured locals. */
export interface Body {
  readonly instance: FunctionInstance;
  readonly operands: readonly Expr[];
  readonly types: readonly Type[];
}

/** What a body that is no goroutine's is given besides: the code of a `try`. */
export interface Frame {
  /** The name of its first parameter, an address. */
  readonly name: string;
  /** Called with the function before its code is compiled. */
  prepare(instance: FunctionInstance): void;
}

const PART = /~try\d+$/;

interface Parameter {
  readonly node: ParameterNode;
  readonly type: Type;
  readonly value: Expr;
  /** The variable whose cell this is the address of. */
  readonly shared?: Local;
}

export class Bodies {
  /** How many functions have a name with a number behind it, by where they are; and which functions are bodies. */
  private readonly counts = new Map<string, number>();
  private readonly isBody = new WeakSet<FunctionInstance>();
  /** Compiled bodies: the compiler may compile a loop twice, and inlined functions once for each call. */
  private readonly compiled = new WeakMap<Node, Map<string, FunctionInstance>>();

  constructor(
    private readonly session: Session,
    private readonly captures: Captures,
    private readonly cells: Cells,
    private readonly closures: Closures,
  ) {}

  /** Compiles `expression`, called with `args`, in the current flow; null if there were errors. */
  compile(expression: FunctionNode, args: readonly Node[], frame: Frame | null = null): Body | null {
    const { session } = this;
    const { compiler } = session;
    const flow = compiler.currentFlow;
    const source = flow.sourceFunction;
    const { parameters } = expression.declaration.signature;
    const errorsBefore = session.errorCount;

    if (parameters.length !== args.length) {
      session.report(
        expression.range,
        args.length === 0
          ? "a goroutine's body takes no parameters; to pass arguments, call it: go(((x: i32) => { … })(1))"
          : `this body takes ${parameters.length} arguments, but is called with ${args.length}`,
      );
      return null;
    }

    const free = this.captures.of(expression);
    for (const { node, message } of free.problems) session.report(node.range, message);
    const declared = parameters.map((node, i) => this.argument(node, args[i]!));
    const constants: Local[] = [];
    const captured: Parameter[] = [];
    for (const [name, identifier] of free.names) {
      const local = flow.lookupLocal(name);
      if (!local || local.kind !== ElementKind.Local) continue;
      if (local.is(CommonFlags.Inlined)) {
        constants.push(local);
        continue;
      }
      const node = parameterNode(identifier.text, identifier);
      const address = this.cells.addressOf(local);
      if (address) {
        const value = compiler.module.local_get(address.index, api.TypeRef.I32);
        captured.push({ node, type: api.Type.usize32, value, shared: local });
        continue;
      }
      const value = compiler.compileExpression(identifier, api.Type.auto, Constraints.None);
      captured.push({ node, type: compiler.currentType, value });
    }

    let receiver: Expr = 0;
    const outerThis = this.closures.receiverType(flow) ?? source.signature.thisType;
    const thisType = free.receiver ? outerThis : null;
    if (free.receiver && thisType) {
      const node = api.Node.createThisExpression(free.receiver.range);
      receiver = compiler.compileExpression(node, thisType, Constraints.ConvImplicit);
    }
    if (session.errorCount > errorsBefore) return null;

    const all = [...(declared as Parameter[]), ...captured];
    const first = frame ? [{ node: parameterNode(frame.name, expression), type: api.Type.usize32, value: 0 }] : [];
    const instance = this.instance(expression, flow, thisType, [...first, ...all], constants, frame);
    if (!instance) return null;
    return {
      instance,
      operands: thisType ? [receiver, ...all.map((p) => p.value)] : all.map((p) => p.value),
      types: thisType ? [thisType, ...all.map((p) => p.type)] : all.map((p) => p.type),
    };
  }

  /** An argument of a body that is called at once; its type is the parameter's, or its own where that has none. */
  private argument(node: ParameterNode, arg: Node): Parameter | null {
    const { compiler } = this.session;
    const flow = compiler.currentFlow;
    if (api.isTypeOmitted(node.type)) {
      const value = compiler.compileExpression(arg, api.Type.auto, Constraints.None);
      return { node, type: compiler.currentType, value };
    }
    const type = compiler.resolver.resolveType(
      node.type,
      flow,
      flow.sourceFunction.parent,
      copy(flow.contextualTypeArguments),
    );
    if (!type) return null; // reported
    return { node, type, value: compiler.compileExpression(arg, type, Constraints.ConvImplicit) };
  }

  /** The function of a body; one for each combination of surroundings and captured types. */
  private instance(
    expression: FunctionNode,
    flow: Flow,
    thisType: Type | null,
    parameters: readonly Parameter[],
    constants: readonly Local[],
    frame: Frame | null,
  ): FunctionInstance | null {
    const { compiler } = this.session;
    const source = flow.sourceFunction;
    const { declaration } = expression;
    const types = parameters.map((p) => p.type);

    let returnType: Type = api.Type.void;
    if (!api.isTypeOmitted(declaration.signature.returnType)) {
      const resolved = compiler.resolver.resolveType(
        declaration.signature.returnType,
        flow,
        source.parent,
        copy(flow.contextualTypeArguments),
      );
      if (!resolved) return null;
      returnType = resolved;
    }

    const signature = api.Signature.create(compiler.program, types, returnType, thisType);
    const shared = parameters.map((p) => p.shared?.type.toString() ?? "").join();
    const key = `${source.internalName} ${signature.toString()} ${shared}`;
    let instances = this.compiled.get(expression);
    if (!instances) this.compiled.set(expression, (instances = new Map<string, FunctionInstance>()));
    const existing = instances.get(key);
    if (existing) return existing;

    const { range } = expression;
    const name = frame ? this.nextPart(source) : this.nextName(source);
    const body = block(declaration.body!, returnType);
    this.captures.replaceBody(body, declaration.body!);
    const clone = new api.FunctionDeclaration(
      api.Node.createIdentifierExpression(name, declaration.name.range),
      null,
      thisType ? CommonFlags.Instance : 0,
      null,
      api.Node.createFunctionType(
        parameters.map((p) => p.node),
        declaration.signature.returnType,
        null,
        false,
        declaration.signature.range,
      ),
      body,
      api.ArrowKind.None,
      range,
    );
    const prototype = new api.FunctionPrototype(name, source.parent, clone, api.DecoratorFlags.None);
    const instance = new api.Function(name, prototype, null, signature, copy(source.contextualTypeArguments));
    this.isBody.add(instance);
    exposeConstants(instance.flow, constants);
    exposeTypeAliases(instance.flow, flow);
    this.adoptCells(instance, parameters);
    instances.set(key, instance);
    frame?.prepare(instance);
    return compiler.compileFunction(instance) ? instance : null;
  }

  /** The names of shared variables stand for the variables, whose cells are at the addresses that are passed. */
  private adoptCells({ flow }: FunctionInstance, parameters: readonly Parameter[]): void {
    for (const { node, shared } of parameters) {
      const name = node.name.text;
      const address = shared && flow.getScopedLocal(name);
      if (!address) continue;
      flow.scopedLocals!.delete(name);
      this.cells.adopt(flow, name, shared, address);
    }
  }

  /** A part of its function, whose name a stack shows. */
  private nextPart(source: FunctionInstance): string {
    const whole = source.name.replace(PART, "");
    return `${whole}~try${this.count(source, `${whole}~try`)}`;
  }

  /** Named as Go names function literals: `main.func1`, and `main.func1.1` for one inside it. */
  private nextName(source: FunctionInstance): string {
    const name = source.name.startsWith("start:") ? "init" : source.name;
    const prefix = this.isBody.has(source) ? `${source.name}.` : `${name}.func`;
    return prefix + this.count(source, prefix);
  }

  /**
   * How many functions have been named so beside `source`, with the next: of a method and a static function of one name, or a method and what of it needs
   * no `this`, all that is inside is the class's, and no two may have one name.
   */
  private count({ parent }: FunctionInstance, prefix: string): string {
    const key = `${parent.internalName} ${prefix}`;
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    return String(count);
  }
}

/** The body as a block; a bare expression is evaluated and dropped, unless the function was declared to return it. */
function block(body: Node, returnType: Type): Node {
  if (body.kind === api.NodeKind.Block) return body;
  const { expression } = body as Node & { readonly expression: Node };
  const statement =
    returnType === api.Type.void
      ? api.Node.createExpressionStatement(expression)
      : api.Node.createReturnStatement(expression, body.range);
  return api.Node.createBlockStatement([statement], body.range);
}

function parameterNode(name: string, at: Node): ParameterNode {
  const { range } = at;
  return api.Node.createParameter(
    api.ParameterKind.Default,
    api.Node.createIdentifierExpression(name, range),
    api.Node.createOmittedType(range),
    null,
    range,
  );
}

function copy<K, V>(map: ReadonlyMap<K, V> | null): Map<K, V> {
  return new Map(map);
}
