/**
 * The types of function expressions that do not state them: `(x) => x + n`, `() => { count++; }`.
 *
 * AssemblyScript knows them where the type of the whole is known, as that of a parameter; here the rest:
 * - What a function returns is the type of its expression, or of the first `return` with a value, or void where there is none.
 * - Where the argument of a generic function is a function, its parameters are those of the parameter's type, as far as that is known
 *   without the type arguments that are being looked for: `list.map((x) => x + n)`.
 *
 * Types are looked for in the scope of the expression, to which its parameters and variables are added; what cannot be found there is to
 * be written down.
 */
import api, {
  stripParentheses,
  type CallNode,
  type Compiler,
  type Flow,
  type FunctionNode,
  type FunctionPrototype,
  type FunctionTypeNode,
  type Node,
  type ParameterNode,
  type Resolver,
  type Type,
  type VariableStatementNode,
} from "./asc.js";
import type { Hooks } from "./hooks.js";
import type { Session } from "./session.js";

const { NodeKind, ParameterKind, ReportMode } = api;

/** What the function that an argument is given to says of it. */
interface Expected {
  readonly type: FunctionTypeNode;
  readonly prototype: FunctionPrototype;
}

interface Statement extends Node {
  readonly statements?: readonly Node[];
  readonly cases?: readonly Node[];
  readonly initializer?: Node | null;
  readonly body?: Node;
  readonly ifTrue?: Node;
  readonly ifFalse?: Node | null;
  readonly value?: Node | null;
  readonly bodyStatements?: readonly Node[];
  readonly catchStatements?: readonly Node[] | null;
  readonly finallyStatements?: readonly Node[] | null;
}

export class Inference {
  private readonly expected = new Map<Node, Expected>();
  /** Types in the place of which the source has none. */
  private readonly known = new WeakMap<Node, Type>();

  constructor(private readonly session: Session) {}

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the resolver
    const inference = this;
    const { prototype } = api.Resolver;

    hooks.replace(prototype, "resolveType", function (original, node, ...rest) {
      return inference.known.get(node) ?? original(node, ...rest);
    });

    hooks.replace(prototype, "inferGenericTypeArguments", function (original, node, prototype, ...rest) {
      const { parameters } = prototype.functionTypeNode;
      (node as CallNode).args.forEach((argument, i) => {
        const type = parameters[i]?.type;
        if (type?.kind !== NodeKind.FunctionType) return;
        inference.expected.set(stripParentheses(argument), { type: type as FunctionTypeNode, prototype });
      });
      return original(node, prototype, ...rest);
    });

    hooks.replace(prototype, "resolveFunctionExpression", function (original, node, flow, type, reportMode) {
      if (!isPartial(node)) return original(node, flow, type, reportMode);
      return inference.typeOf(this, node, flow, reportMode);
    });
  }

  /** The expression with the types that it leaves out, if nothing else says them; null if they were not found. */
  complete(compiler: Compiler, expression: FunctionNode): FunctionNode | null {
    const { declaration } = expression;
    const { signature } = declaration;
    if (!api.isTypeOmitted(signature.returnType)) return expression;
    const type = this.typeOf(compiler.resolver, expression, compiler.currentFlow, ReportMode.Report);
    const returnType = type?.getSignature()?.returnType;
    if (!returnType) {
      this.session.report(
        expression.range,
        "the type of this function cannot be told: write down those of its parameters, and what it returns, as in (x: i32): i32 => x + 1",
      );
      return null;
    }
    const node = api.Node.createNamedType(
      api.Node.createSimpleTypeName("~inferred", signature.range),
      null,
      false,
      signature.returnType.range,
    );
    this.known.set(node, returnType);
    const completed = new api.FunctionDeclaration(
      declaration.name,
      null,
      declaration.flags,
      null,
      api.Node.createFunctionType(signature.parameters, node, null, false, signature.range),
      declaration.body!,
      declaration.arrowKind,
      declaration.range,
    );
    return Object.assign(Object.create(Object.getPrototypeOf(expression) as object) as FunctionNode, expression, {
      declaration: completed,
    });
  }

  private typeOf(resolver: Resolver, node: FunctionNode, flow: Flow, reportMode: number): Type | null {
    const { signature, body } = node.declaration;
    const inside = api.Flow.createDefault(flow.sourceFunction);
    inside.parent = flow;
    const types: Type[] = [];
    let required = 0;
    for (const [i, parameter] of signature.parameters.entries()) {
      const type = api.isTypeOmitted(parameter.type)
        ? this.expectedType(resolver, node, i)
        : resolver.resolveType(parameter.type, flow, flow.sourceFunction, flow.contextualTypeArguments, reportMode);
      if (!type) return null;
      types.push(type);
      inside.addScopedDummyLocal(parameter.name.text, type, parameter);
      if (parameter.parameterKind === ParameterKind.Default) required = i + 1;
    }
    const { returnType } = signature;
    const result = api.isTypeOmitted(returnType)
      ? (this.returned(resolver, body!, inside) ?? null)
      : resolver.resolveType(returnType, flow, flow.sourceFunction, flow.contextualTypeArguments, reportMode);
    if (!result) return null;
    const hasRest = signature.parameters.at(-1)?.parameterKind === ParameterKind.Rest;
    return api.Signature.create(this.session.compiler.program, types, result, null, required, hasRest).type;
  }

  /** The type of a parameter, by the function that the function is given to. */
  private expectedType(resolver: Resolver, node: FunctionNode, index: number): Type | null {
    const expected = this.expected.get(node);
    const parameter = expected?.type.parameters[index];
    if (!parameter) return null;
    const { prototype } = expected;
    const types = prototype.getBoundClassOrInterface()?.contextualTypeArguments ?? null;
    if (parameter.type.hasGenericComponent(prototype.typeParameterNodes!)) return null;
    return resolver.resolveType(parameter.type, null, prototype.parent, new Map(types), ReportMode.Swallow);
  }

  /** What a body returns; null if it cannot be told. */
  private returned(resolver: Resolver, body: Node, flow: Flow): Type | null {
    if (body.kind !== NodeKind.Expression) {
      const type = this.returnedBy(resolver, body, flow);
      return type === undefined ? api.Type.void : type;
    }
    const { expression } = body as Node & { readonly expression: Node };
    return resolver.resolveExpression(expression, flow, api.Type.auto, ReportMode.Swallow);
  }

  /** What the first `return` with a value returns; null if it cannot be told, undefined if there is none. */
  private returnedBy(resolver: Resolver, node: Statement, flow: Flow): Type | null | undefined {
    switch (node.kind) {
      case NodeKind.Return:
        return node.value ? resolver.resolveExpression(node.value, flow, api.Type.auto, ReportMode.Swallow) : undefined;
      case NodeKind.Variable:
        this.declare(resolver, node as Node as VariableStatementNode, flow);
        return undefined;
      case NodeKind.SwitchCase:
        return this.firstReturned(resolver, node.statements!, flow);
      case NodeKind.Block:
      case NodeKind.Switch:
      case NodeKind.If:
      case NodeKind.For:
      case NodeKind.ForOf:
      case NodeKind.While:
      case NodeKind.Do:
      case NodeKind.Try: {
        const { initializer, body, ifTrue, ifFalse, statements, cases } = node;
        const { bodyStatements, catchStatements, finallyStatements } = node;
        const tried = [bodyStatements, catchStatements, finallyStatements].flatMap((part) => part ?? []);
        const inner = [initializer, body, ifTrue, ifFalse, ...(statements ?? cases ?? tried)];
        return this.firstReturned(resolver, inner, flow.fork());
      }
      default:
        return undefined;
    }
  }

  private firstReturned(
    resolver: Resolver,
    nodes: readonly (Node | null | undefined)[],
    flow: Flow,
  ): Type | null | undefined {
    for (const node of nodes) {
      const type = node ? this.returnedBy(resolver, node, flow) : undefined;
      if (type !== undefined) return type;
    }
    return undefined;
  }

  private declare(resolver: Resolver, { declarations }: VariableStatementNode, flow: Flow): void {
    for (const declaration of declarations) {
      const { name, initializer, type: typeNode } = declaration;
      const type = typeNode
        ? resolver.resolveType(typeNode, flow, flow.sourceFunction, flow.contextualTypeArguments, ReportMode.Swallow)
        : initializer && resolver.resolveExpression(initializer, flow, api.Type.auto, ReportMode.Swallow);
      // One whose type is unknown hides others all the same.
      if (!flow.scopedLocals?.has(name.text)) flow.addScopedDummyLocal(name.text, type ?? api.Type.auto, declaration);
    }
  }
}

/** Whether types are left out. */
function isPartial({ declaration: { signature } }: FunctionNode): boolean {
  return (
    api.isTypeOmitted(signature.returnType) ||
    signature.parameters.some(({ type }: ParameterNode) => api.isTypeOmitted(type))
  );
}
