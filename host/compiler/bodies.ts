/**
 * Bodies of goroutines: the function expression in `go(() => { … })`, compiled to a function of its own whose parameters
 * are what it uses from its surroundings.
 *
 * AssemblyScript has no closures. A body gets copies instead: each local of the surroundings that it mentions, and `this`,
 * is evaluated where the body is started, with the type known there (a nullable local that was tested is not null inside),
 * and becomes a parameter. Assigning to such a copy would be lost, so it is an error.
 *
 * The body's function is a sibling of the one around it, not a child: it has the same parent, type arguments and `this`
 * type. So `this.x`, statics, members of namespaces and type parameters resolve as in the surroundings.
 */
import api, {
  type Element,
  type Expr,
  type Flow,
  type FunctionInstance,
  type FunctionNode,
  type Local,
  type Node,
  type ParameterNode,
  type Type,
} from "./asc.js";
import { findFreeNames, type FreeNames } from "./freevars.js";
import type { Session } from "./session.js";

const { CommonFlags, Constraints, ElementKind } = api;

/** A compiled body and what to start it with: `this` if used, the arguments, then the captured locals. */
export interface Body {
  readonly instance: FunctionInstance;
  readonly operands: readonly Expr[];
  readonly types: readonly Type[];
}

interface Parameter {
  readonly node: ParameterNode;
  readonly type: Type;
  readonly value: Expr;
}

export class Bodies {
  /** The number of bodies started in each function so far, and which functions are bodies. */
  private readonly counters = new WeakMap<FunctionInstance, number>();
  private readonly isBody = new WeakSet<FunctionInstance>();
  /** Compiled bodies: the compiler may compile a loop twice, and inlined functions once for each call. */
  private readonly compiled = new WeakMap<Node, Map<string, FunctionInstance>>();
  private readonly freeNames = new WeakMap<Node, FreeNames>();

  constructor(private readonly session: Session) {}

  /** Compiles `expression`, called with `args`, in the current flow; null if there were errors. */
  compile(expression: FunctionNode, args: readonly Node[]): Body | null {
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

    let free = this.freeNames.get(expression);
    if (!free) this.freeNames.set(expression, (free = findFreeNames(expression)));

    const declared = parameters.map((node, i) => this.argument(node, args[i]!));
    const constants: Local[] = [];
    const captured: Parameter[] = [];
    for (const [name, identifier] of free.names) {
      const local = flow.lookupLocal(name);
      if (!local || local.kind !== ElementKind.Local) continue;
      const isConstant = local.is(CommonFlags.Inlined);
      for (const place of free.assignments.get(name) ?? []) {
        session.report(
          place.range,
          isConstant
            ? `cannot assign to '${name}', which is a constant`
            : `captured variable '${name}' is a copy: goroutine bodies capture by value; use a module variable, an object's field or a channel`,
        );
      }
      if (isConstant) {
        constants.push(local);
        continue;
      }
      const value = compiler.compileExpression(identifier, api.Type.auto, Constraints.None);
      captured.push({ node: parameterNode(identifier.text, identifier), type: compiler.currentType, value });
    }

    let thisType: Type | null = null;
    let receiver: Expr = 0;
    if (free.receiver && source.signature.thisType) {
      thisType = source.signature.thisType;
      const node = api.Node.createThisExpression(free.receiver.range);
      receiver = compiler.compileExpression(node, thisType, Constraints.ConvImplicit);
    }
    if (session.errorCount > errorsBefore) return null;

    const all = [...(declared as Parameter[]), ...captured];
    const instance = this.instance(expression, flow, thisType, all, constants);
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
    const key = `${source.internalName} ${signature.toString()}`;
    let instances = this.compiled.get(expression);
    if (!instances) this.compiled.set(expression, (instances = new Map<string, FunctionInstance>()));
    const existing = instances.get(key);
    if (existing) return existing;

    const { range } = expression;
    const name = this.nextName(source);
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
      block(declaration.body!, returnType),
      api.ArrowKind.None,
      range,
    );
    const prototype = new api.FunctionPrototype(name, source.parent, clone, api.DecoratorFlags.None);
    const instance = new api.Function(name, prototype, null, signature, copy(source.contextualTypeArguments));
    this.isBody.add(instance);
    exposeConstants(instance.flow, constants);
    exposeTypeAliases(instance.flow, flow);
    instances.set(key, instance);
    return compiler.compileFunction(instance) ? instance : null;
  }

  /** Named as Go names function literals: `main.func1`, and `main.func1.1` for one inside it. */
  private nextName(source: FunctionInstance): string {
    const count = (this.counters.get(source) ?? 0) + 1;
    this.counters.set(source, count);
    if (this.isBody.has(source)) return `${source.name}.${count}`;
    const name = source.name.startsWith("start:") ? "init" : source.name;
    return `${name}.func${count}`;
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

/** Constants known at compile time stay constants inside. */
function exposeConstants(flow: Flow, constants: readonly Local[]): void {
  if (constants.length === 0) return;
  flow.scopedLocals ??= new Map<string, Local>();
  for (const local of constants) flow.scopedLocals.set(local.name, local);
}

/** `type X = …` declared inside the surrounding function. */
function exposeTypeAliases(flow: Flow, outer: Flow): void {
  for (let from: Flow | null = outer; from; from = from.parent) {
    for (const [name, alias] of from.scopedTypeAlias ?? []) {
      flow.scopedTypeAlias ??= new Map<string, Element>();
      if (!flow.scopedTypeAlias.has(name)) flow.scopedTypeAlias.set(name, alias);
    }
  }
}

function copy<K, V>(map: ReadonlyMap<K, V> | null): Map<K, V> {
  return new Map(map);
}
