/**
 * Formats and values of any types, `sprintf("%d of %s", n, name)`. Where a parameter has the type `Format`, `Values` or `Line` of `skein/fmt`, what is given
 * from there on is one object, to which the compiler adds the values one by one:
 *
 *     sprintf(format, a, b)     sprintf(new Format(format).add<A>(a).add<B>(b))
 *
 * `add` is generic, so each value is written by code for its type, and none is boxed. A format that is written out is checked against the types of its
 * values, in the words of `go vet`. A method that goes through the fields of any class, `FIELDS`, gets its body here.
 */
import api, {
  stripParentheses,
  type Class,
  type Compiler,
  type Element,
  type Expr,
  type FunctionInstance,
  type FunctionPrototype,
  type Node,
  type Property,
  type Signature,
  type Type,
} from "./asc.js";
import type { Hooks } from "./hooks.js";
import type { StringNode } from "./nodes.js";
import type { Session } from "./session.js";

const FMT = "~lib/skein/fmt";
/** Methods without a body, and what they call for each field of the class that they are given. */
const FIELDS: ReadonlyMap<string, { readonly method: string; readonly byAddress: boolean }> = new Map([
  ["~lib/skein/text/printer/Printer#fields", { method: "field", byAddress: false }],
  ["~lib/skein/json/Encoder#fields", { method: "field", byAddress: false }],
  ["~lib/skein/json/Decoder#places", { method: "place", byAddress: true }],
]);
const CLASSES = ["Format", "Values", "Line"].map((name) => `${FMT}/${name}`);
const STRING = "~lib/string/String";
const { NodeKind } = api;

/** Verbs for values of these types; what is not here (classes, arrays) takes all. */
const VERBS: Readonly<Record<string, string>> = {
  bool: "tvT",
  integer: "dbcoOqxXUvT",
  float: "eEfFgGvT",
  string: "sqxXvT",
};
const ALL = "vTtdbcoOqxXUeEfFgGspw";

/** What a call gives for such a parameter. */
interface Given {
  readonly type: Class;
  readonly values: readonly Node[];
  /** The function's name. */
  readonly callee: string;
}

export class Formats {
  private readonly given = new WeakMap<Node, Given>();

  constructor(private readonly session: Session) {}

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const formats = this;
    const { prototype } = api.Compiler;

    hooks.replace(prototype, "compileCallDirect", function (original, instance, args, reportNode, ...rest) {
      return original(
        instance,
        formats.gather(this, instance.signature, args, reportNode, instance.name),
        reportNode,
        ...rest,
      );
    });

    hooks.replace(prototype, "compileCallIndirect", function (original, signature, callee, args, reportNode, ...rest) {
      return original(
        signature,
        callee,
        formats.gather(this, signature, args, reportNode, "this"),
        reportNode,
        ...rest,
      );
    });

    hooks.replace(prototype, "compileExpression", function (original, expression, ...rest) {
      const given = formats.given.get(expression);
      return given ? formats.compile(this, expression, given) : original(expression, ...rest);
    });

    hooks.replace(prototype, "compileFunctionBody", function (original, instance, statements) {
      const each = FIELDS.get(instance.prototype.internalName);
      if (each) formats.addFields(this, instance, each.method, each.byAddress, statements);
      return original(instance, statements);
    });
  }

  /** The arguments with one for the last parameter, if that is of such a type. */
  private gather(
    compiler: Compiler,
    { parameterTypes }: Signature,
    args: readonly Node[],
    call: Node,
    callee: string,
  ): readonly Node[] {
    const last = parameterTypes.length - 1;
    const type = parameterTypes[last]?.getClass();
    if (!type || !CLASSES.includes(type.internalName)) return args;
    const values = args.slice(last);
    const isFormat = type.internalName === CLASSES[0];
    if (isFormat && values.length === 0) return args;
    if (values.length === 1 && this.typeOf(compiler, values[0]!)?.getClass() === type) return args;
    const argument = api.Node.createIdentifierExpression("~values", call.range);
    this.given.set(argument, { type, values, callee });
    return [...args.slice(0, last), argument];
  }

  private typeOf({ resolver, currentFlow }: Compiler, node: Node): Type | null {
    return resolver.resolveExpression(node, currentFlow, api.Type.auto, api.ReportMode.Swallow);
  }

  private compile(compiler: Compiler, argument: Node, { type, values, callee }: Given): Expr {
    const isFormat = type.internalName === CLASSES[0];
    const [format, ...others] = values;
    const construct = compiler.ensureConstructor(type, argument);
    const start = isFormat ? [format!] : [];
    let object = compiler.compileCallDirect(construct, start, argument, compiler.module.i32(0));
    const types: Type[] = [];
    for (const value of isFormat ? others : values) {
      const code = compiler.compileExpression(value, api.Type.auto);
      const { currentType } = compiler;
      if (currentType === api.Type.void || currentType.isExternalReference) {
        this.session.report(value.range, `this has no value that '${callee}' could show`);
        break;
      }
      types.push(currentType);
      object = compiler.makeCallDirect(this.member(type, "add", currentType), [object, code], value);
    }
    compiler.currentType = type.type;
    if (isFormat && types.length === others.length) this.check(callee, format!, others, types);
    return object;
  }

  /** A generic method, for a type. */
  private member(of: Class, name: string, type: Type): FunctionInstance {
    const prototype = of.getMember(name) as Element | null as FunctionPrototype;
    const instance = this.session.compiler.resolver.resolveFunction(prototype, [type]);
    if (!instance) throw new Error(`skein/fmt has no ${name}`);
    return instance;
  }

  private check(callee: string, format: Node, values: readonly Node[], types: readonly Type[]): void {
    const literal = stripParentheses(format) as StringNode;
    if (literal.kind !== NodeKind.Literal || literal.literalKind !== api.LiteralKind.String) return;
    const wrong = (node: Node, text: string): void => this.session.report(node.range, `${callee}: ${text}`);
    let next = 0;
    for (const [directive, star, point, verb] of literal.value.matchAll(/%[-+# 0]*(\*|\d*)(?:\.(\*|\d*))?([^]?)/gu)) {
      if (verb === "") return wrong(format, `the format ends within ${directive}`);
      if (verb === "[") return wrong(format, "values are taken in their order: write the same one twice");
      for (const size of [star, point]) {
        if (size !== "*") continue;
        const type = types[next];
        if (type && kindOf(type) !== "integer") return wrong(values[next]!, `the * of ${directive} takes an integer`);
        next++;
      }
      if (verb === "%") continue;
      if (!ALL.includes(verb!)) return wrong(format, `there is no verb ${directive}`);
      const type = types[next];
      const verbs = type && VERBS[kindOf(type) ?? ""];
      if (verbs !== undefined && !verbs.includes(verb!))
        return wrong(values[next]!, `${directive} does not take a value of type ${nameOf(type!)}`);
      next++;
    }
    if (next === values.length) return;
    const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
    wrong(
      format,
      `the format reads ${count(next, "value")}, and there ${values.length === 1 ? "is" : "are"} ${values.length}`,
    );
  }

  /** Calls `method` with each field's name, its value or its address and the object, and what the function is given besides. */
  private addFields(
    compiler: Compiler,
    instance: FunctionInstance,
    method: string,
    byAddress: boolean,
    statements: Expr[],
  ): void {
    const { module } = compiler;
    const { I32 } = api.TypeRef;
    const { parameterTypes, thisType } = instance.signature;
    const [type, ...others] = parameterTypes;
    const fields = [...(type!.getClass()?.members?.values() ?? [])]
      .map((member) => (member as { readonly instance?: Property | null }).instance)
      .filter((property): property is Property => property?.isField === true)
      .sort((a, b) => a.memoryOffset - b.memoryOffset);
    for (const { name, type, memoryOffset } of fields) {
      const object = module.local_get(1, I32);
      const value = byAddress
        ? [module.binary(api.BinaryOp.AddI32, object, module.i32(memoryOffset)), module.local_get(1, I32)]
        : [module.load(type.byteSize, type.isSignedIntegerValue, object, type.toRef(), memoryOffset)];
      const operands = [
        module.local_get(0, I32),
        compiler.ensureStaticString(name),
        ...value,
        ...others.map((other, i) => module.local_get(2 + i, other.toRef())),
      ];
      const call = this.member(thisType!.getClass()!, method, type);
      statements.push(compiler.makeCallDirect(call, operands, instance.identifierNode));
    }
  }
}

function kindOf(type: Type): string | undefined {
  const name = type.toString();
  if (type.isReference) return type.getClass()?.internalName === STRING ? "string" : undefined;
  return name === "bool" ? "bool" : name.startsWith("f") ? "float" : "integer";
}

function nameOf(type: Type): string {
  return kindOf(type) === "string" ? "string" : type.toString();
}
