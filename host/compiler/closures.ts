/**
 * Closures: function expressions that use variables, or `this`, of the function around them.
 *
 * Such an expression makes an object (the core's class `Closure`) with the function's table index in front, where every function value
 * has it, and behind it copies of what is captured: values that nobody changes any more, the addresses of the cells of
 * shared variables (`captures.ts` says which are which), `this`. The function reads them into locals as it begins, so its body is
 * compiled like any other.
 *
 * **How the function finds its object.** A call through a function value (`valuecalls.ts`) stores that, whatever it is, in the register `~closure`,
 * the last thing before the call; a function that has captured something reads it, the first thing in it. The register is a global of
 * the instance, so of the thread. Between the two nothing else may run on this thread:
 * - Operands are evaluated before: the register is set within the operand that is evaluated last, the index of the table's entry.
 * - A safepoint at the function's entry comes before its first instruction, and other goroutines may run there, or this one go on on
 *   another thread. So it keeps the register across (`safepoints.ts`).
 * - A stub that fills in default values runs code of the program. It reads the register first, and sets it anew before it calls
 *   the function.
 * - A goroutine that is resumed gets to the inside of its functions past all this: Asyncify skips what comes before the call that it is
 *   in, and restores locals.
 * Where no function of a type reads the register, calls of that type do not set it; and where a function is known, its object is a parameter.
 *
 * Rejected: a hidden parameter of every function that is in the table, or a second function for it with one, since AssemblyScript's library
 * and stubs know signatures only as they are declared; and a wrapper function made for each object, since a module's table cannot grow
 * with its data.
 *
 * The collector finds the object from the caller's frame, or wherever else the value is; what is in it, by the number of references
 * that it begins with. Its function holds copies. Objects are black when they are new, so each reference stored in one is linked.
 */
import api, {
  type Compiler,
  type Element,
  type Expr,
  type Flow,
  type FunctionInstance,
  type FunctionNode,
  type Global,
  type Local,
  type Node,
  type Type,
} from "./asc.js";
import type { Captured, Captures } from "./captures.js";
import type { Cells } from "./cells.js";
import type { Inference } from "./infer.js";
import type { Hooks } from "./hooks.js";
import { asField } from "./marks.js";
import { bodyOf, setBody } from "./safepoints-ir.js";
import { CLOSURE, type Session } from "./session.js";

const { CommonFlags, Constraints, ElementKind, LocalFlags, NodeKind, TypeRef } = api;
const { I32, None } = TypeRef;

const THIS = "this";

/** The function that tells the collector of module variables. */
const VISIT_GLOBALS = "~lib/rt/__visit_globals";

/** Where the captured begin: behind the table index and the number of references. */
const FIRST = 8;

/** A variable, or `this`, that a function captures. */
interface Capture {
  readonly name: string;
  /** The variable; null for `this`. */
  readonly outer: Local | null;
  readonly type: Type;
  readonly isShared: boolean;
  readonly isConstant: boolean;
  /** What is stored in the object. */
  readonly value: Expr;
  readonly offset: number;
}

/** A function expression that is being compiled, and the function that comes of it. */
interface Closure {
  readonly expression: FunctionNode;
  readonly outer: Flow;
  readonly captured: Captured;
  readonly captures: readonly Capture[];
  readonly constants: readonly Local[];
  readonly references: number;
  readonly size: number;
  instance: FunctionInstance | null;
}

export class Closures {
  private readonly closures = new Map<FunctionInstance, Closure>();
  /** The expression for which the compiler will make a function next. */
  private expected: Closure | null = null;
  private hasRegister = false;

  constructor(
    private readonly session: Session,
    private readonly captures: Captures,
    private readonly cells: Cells,
    private readonly inference: Inference,
  ) {}

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const closures = this;
    const { prototype } = api.Compiler;

    hooks.replace(prototype, "compileFunctionExpression", function (original, expression, type, constraints) {
      const closure = closures.prepare(this, expression);
      const completed = type.getSignature() ? expression : closures.inference.complete(this, expression);
      if (closure === undefined && completed) return original(completed, type, constraints);
      if (!closure || !completed) {
        // Reported; whoever uses it gets the right type all the same.
        const { auto } = api.Type;
        const own = this.resolver.resolveExpression(expression, this.currentFlow, auto, api.ReportMode.Swallow);
        this.currentType = type.getSignature() ? type : (own ?? api.Type.i32);
        return this.module.unreachable();
      }
      closures.expected = closure;
      const code = original(completed, type, constraints);
      closures.expected = null;
      return closures.make(this, closure, code);
    });

    hooks.replace(prototype, "compileFunctionExpression", function (original, ...args) {
      const before = this.functionTable.length;
      const code = original(...args);
      for (const instance of this.functionTable.slice(before)) keepDefaults(this, instance);
      return code;
    });

    hooks.replace(prototype, "compileFunction", function (original, instance, ...rest) {
      const { expected } = closures;
      if (expected && instance.flow.outer === expected.outer) {
        closures.expected = null;
        closures.adopt(expected, instance);
      }
      return original(instance, ...rest);
    });

    hooks.replace(prototype, "compileFunctionBody", function (original, instance, statements) {
      const closure = closures.closures.get(instance);
      if (closure) statements.push(...closures.enter(closure, this.currentFlow).code);
      return original(instance, statements);
    });

    hooks.replace(api.Module.prototype, "addFunction", function (original, name, params, results, vars, body) {
      if (name === VISIT_GLOBALS) body = this.block(null, [...closures.visitGlobals(), body]);
      return original(name, params, results, vars, body);
    });

    closures.installStubs(hooks);
    closures.installReceivers(hooks);
  }

  /** The name of the register, which is there from now on. */
  register(): string {
    const { module } = this.session.compiler;
    if (!this.hasRegister) module.addGlobal(CLOSURE, I32, true, module.i32(0));
    this.hasRegister = true;
    return CLOSURE;
  }

  /** Has the collector see the module variables whose values are functions: to AssemblyScript those are no objects. */
  private visitGlobals(): Expr[] {
    const { module, program } = this.session.compiler;
    const code: Expr[] = [];
    for (const element of program.elementsByName.values()) {
      if (element.kind !== ElementKind.Global || !element.is(CommonFlags.Compiled) || element.is(CommonFlags.Inlined))
        continue;
      if (!(element as Global).type.getSignature()) continue;
      const operands = [module.global_get(element.internalName, I32), module.i32(0)];
      code.push(module.call(program.visitInstance.internalName, operands, None));
    }
    return code;
  }

  /** The type of `this` in a closure; null if the function is none, or has none. */
  receiverType(flow: Flow): Type | null {
    return this.closures.has(flow.sourceFunction) ? (flow.lookupLocal(THIS)?.type ?? null) : null;
  }

  /** What a function expression captures; undefined if nothing, null if there were errors. */
  private prepare(compiler: Compiler, expression: FunctionNode): Closure | null | undefined {
    const { session } = this;
    const flow = compiler.currentFlow;
    const captured = this.captures.of(expression);
    const errorsBefore = session.errorCount;
    for (const { node, message } of captured.problems) session.report(node.range, message);
    const constants: Local[] = [];
    const found: Omit<Capture, "offset">[] = [];
    for (const [name, node] of captured.names) {
      const local = flow.lookupLocal(name);
      if (!local || local.kind !== ElementKind.Local) continue;
      if (local.is(CommonFlags.Inlined)) constants.push(local);
      else found.push(this.capture(compiler, local, node));
    }
    const thisType = this.receiverType(flow) ?? flow.sourceFunction.signature.thisType;
    if (captured.receiver && thisType) {
      const node = api.Node.createThisExpression(captured.receiver.range);
      const value = compiler.compileExpression(node, thisType, Constraints.ConvImplicit);
      found.push({ name: THIS, outer: null, type: thisType, isShared: false, isConstant: true, value });
    }
    if (session.errorCount > errorsBefore) return null;
    if (found.length + constants.length + captured.self.size === 0) return undefined;
    return { expression, outer: flow, captured, constants, instance: null, ...layOut(found) };
  }

  private capture(compiler: Compiler, local: Local, node: Node): Omit<Capture, "offset"> {
    const { module, currentFlow: flow } = compiler;
    const { name } = local;
    const address = this.cells.addressOf(local);
    const isConstant = flow.isLocalFlag(local.index, LocalFlags.Constant, true);
    if (address) {
      return {
        name,
        outer: local,
        type: local.type,
        isShared: true,
        isConstant,
        value: module.local_get(address.index, I32),
      };
    }
    if (local.index < 0) {
      const message = `'${name}' is used in its own value: declare it first, with its type, and assign to it afterwards`;
      this.session.report(node.range, message);
      return { name, outer: local, type: local.type, isShared: false, isConstant, value: 0 };
    }
    const value = compiler.compileExpression(node, api.Type.auto, Constraints.None);
    const type = compiler.currentType;
    if (type.isExternalReference)
      this.session.report(node.range, `'${name}' cannot be captured: it is no value of memory`);
    return { name, outer: local, type, isShared: false, isConstant, value };
  }

  /** The function of an expression: it belongs where the one around it does, so `this`, statics and the like are found as there. */
  private adopt(closure: Closure, instance: FunctionInstance): void {
    const { parent } = closure.outer.sourceFunction;
    closure.instance = instance;
    instance.parent = parent;
    instance.prototype.parent = parent;
    this.closures.set(instance, closure);
  }

  /** Reads what was captured, as the function begins; `object` is the local with the object's address, null if it has none. */
  private enter(closure: Closure, flow: Flow): { readonly code: Expr[]; readonly object: Local | null } {
    const { module } = this.session.compiler;
    exposeConstants(flow, closure.constants);
    exposeTypeAliases(flow, closure.outer);
    const { self } = closure.captured;
    if (closure.captures.length + self.size === 0) return { code: [], object: null };
    const object = flow.getTempLocal(api.Type.usize32);
    const code = [module.local_set(object.index, module.global_get(this.register(), I32), false)];
    for (const name of self) {
      const local = flow.addScopedLocal(name, closure.instance!.type);
      flow.setLocalFlag(local.index, LocalFlags.Constant | LocalFlags.Initialized);
      code.push(module.local_set(local.index, module.local_get(object.index, I32), false));
    }
    for (const { name, outer, type, isShared, isConstant, offset } of closure.captures) {
      if (isShared) {
        const address = flow.getTempLocal(api.Type.usize32);
        this.cells.adopt(flow, name, outer!, address);
        code.push(
          module.local_set(
            address.index,
            asField(module.load(4, false, module.local_get(object.index, I32), I32, offset)),
            false,
          ),
        );
        continue;
      }
      const local = flow.addScopedLocal(name, type);
      flow.setLocalFlag(local.index, LocalFlags.Initialized | (isConstant ? LocalFlags.Constant : 0));
      const at = module.local_get(object.index, I32);
      const value = asField(module.load(type.byteSize, type.isSignedIntegerValue, at, type.toRef(), offset));
      code.push(module.local_set(local.index, value, type.isManaged));
    }
    return { code, object };
  }

  /** The value of an expression: `code`, the static object that the compiler made for it, unless it needs one of its own. */
  private make(compiler: Compiler, closure: Closure, code: Expr): Expr {
    const { module, functionTable, currentFlow: flow } = compiler;
    const { instance, captures, expression } = closure;
    if (!instance || captures.length === 0) return code;
    const place = functionTable.indexOf(instance);
    if (place < 0) return code; // reported
    const index = place + compiler.options.tableBase;
    const object = flow.getTempLocal(api.Type.usize32);
    const get = (): Expr => module.local_get(object.index, I32);
    const operands = [index, closure.references, closure.size].map((operand) => module.i32(operand));
    const statements = [
      module.local_set(object.index, this.session.callCore("goroutine/closure/newClosure", operands, I32), false),
    ];
    for (const { type, isShared, value, offset } of captures) {
      if (isShared || type.isManaged) {
        const reference = flow.getTempLocal(api.Type.usize32);
        statements.push(
          asField(module.store(4, get(), module.local_tee(reference.index, value, false, I32), I32, offset)),
          this.session.callCore(
            "memory/rt/__link",
            [get(), module.local_get(reference.index, I32), module.i32(1)],
            None,
          ),
        );
      } else statements.push(asField(module.store(type.byteSize, get(), value, type.toRef(), offset)));
    }
    const made = module.block(null, [...statements, get()], I32);
    // A function in the place of a statement is a constant local by its name.
    const isSet = api.getExpressionId(code) === api.ExpressionId.LocalSet;
    const local = isSet ? flow.getScopedLocal(expression.declaration.name.text) : null;
    return local ? module.local_tee(local.index, made, true, I32) : made;
  }

  /** Stubs that fill in default values find there what the function captured, and hand the object on to it. */
  private installStubs(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const closures = this;
    let current: { readonly instance: FunctionInstance; entry?: ReturnType<Closures["enter"]> } | null = null;

    hooks.replace(api.Compiler.prototype, "ensureVarargsStub", function (original, instance) {
      if (instance.varargsStub || !closures.closures.has(instance)) return original(instance);
      const around = current;
      current = { instance };
      const stub = original(instance);
      const { entry } = current;
      current = around;
      if (entry?.object) {
        const func = this.module.getFunction(stub.internalName);
        setBody(func, this.module.block(null, [...entry.code, bodyOf(func)], stub.signature.resultRefs));
      }
      return stub;
    });

    hooks.replace(api.Function.prototype, "newStub", function (original, ...args) {
      const stub = original(...args);
      if (current?.instance === this) current.entry = closures.enterStub(closures.closures.get(this)!, stub);
      return stub;
    });

    hooks.replace(api.Compiler.prototype, "makeCallDirect", function (original, instance, ...rest) {
      const call = original(instance, ...rest);
      const object = current?.instance === instance && current.entry?.object;
      if (!object) return call;
      const { module } = this;
      const set = module.global_set(closures.register(), module.local_get(object.index, I32));
      return module.block(null, [set, call], instance.signature.resultRefs);
    });
  }

  private enterStub(closure: Closure, stub: FunctionInstance): ReturnType<Closures["enter"]> {
    const { compiler } = this.session;
    const { currentFlow } = compiler;
    compiler.currentFlow = stub.flow;
    const entry = this.enter(closure, stub.flow);
    compiler.currentFlow = currentFlow;
    return entry;
  }

  private installReceivers(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const closures = this;
    hooks.replace(api.Compiler.prototype, "compileIdentifierExpression", function (original, expression, ...rest) {
      const { kind } = expression;
      if (kind !== NodeKind.This && kind !== NodeKind.Super) return original(expression, ...rest);
      const type = closures.receiverType(this.currentFlow);
      const base = type?.getClass()?.base;
      if (!type || (kind === NodeKind.Super && !base)) return original(expression, ...rest);
      this.currentType = kind === NodeKind.This ? type : base!.type;
      return this.module.local_get(this.currentFlow.lookupLocal(THIS)!.index, I32);
    });
  }
}

/** Where in the object things are: first the references, then the others, each at its natural alignment. */
function layOut(found: readonly Omit<Capture, "offset">[]): Pick<Closure, "captures" | "references" | "size"> {
  const isReference = ({ isShared, type }: Omit<Capture, "offset">): boolean => isShared || type.isManaged;
  const references = found.filter(isReference);
  let end = FIRST;
  const captures = [...references, ...found.filter((capture) => !isReference(capture))].map((capture) => {
    const bytes = isReference(capture) ? 4 : capture.type.byteSize;
    const offset = (end + bytes - 1) & -bytes;
    end = offset + bytes;
    return { ...capture, offset };
  });
  return { captures, references: references.length, size: end };
}

/** Constants known at compile time stay constants inside. */
export function exposeConstants(flow: Flow, constants: readonly Local[]): void {
  if (constants.length === 0) return;
  flow.scopedLocals ??= new Map<string, Local>();
  for (const local of constants) flow.scopedLocals.set(local.name, local);
}

/** `type X = …` declared inside the surrounding function. */
export function exposeTypeAliases(flow: Flow, outer: Flow): void {
  for (let from: Flow | null = outer; from; from = from.parent) {
    for (const [name, alias] of from.scopedTypeAlias ?? []) {
      flow.scopedTypeAlias ??= new Map<string, Element>();
      if (!flow.scopedTypeAlias.has(name)) flow.scopedTypeAlias.set(name, alias);
    }
  }
}

/**
 * Has a function whose parameters have values be called without them, whatever type it is for: of a function expression for a type that
 * is known AssemblyScript takes all parameters of the type for required.
 */
function keepDefaults({ program }: Compiler, instance: FunctionInstance): void {
  const { signature, prototype } = instance;
  const { parameterTypes, returnType, thisType, requiredParameters } = signature;
  const required = prototype.functionTypeNode.parameters.findIndex(({ initializer }) => initializer !== null);
  if (required < 0 || required >= requiredParameters) return;
  instance.signature = api.Signature.create(program, parameterTypes, returnType, thisType, required);
}
