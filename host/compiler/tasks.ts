/**
 * Deferred calls. Wherever an argument's parameter has the type `Task`, a call or a function expression given for it is
 * not evaluated: what it needs is evaluated and stored in a record, and the record is the argument.
 *
 * ```
 * go(f(a, b))     t0 = a; t1 = b; task = newTask(thunk, size); task[8] = t0; task[12] = t1; go(task)
 * thunk(task)     x = task[8]; y = task[12]; freeTask(task); f(x, y)
 * ```
 *
 * Where the type is `GoTask`, as for `go` itself, the record is one from `newGoTask`.
 *
 * The call is compiled by the compiler's own code, up to the point where it would make the call; so it accepts what any
 * call accepts: inference, literals that take their parameter's type, default parameters, virtual methods. There the
 * finished call instruction is taken apart into its target and operands.
 *
 * Guarantees: operands are evaluated once, left to right, `this` or the function value first, before the record exists (so
 * an evaluation that panics or parks loses no record). There is one thunk for each target, not for each place.
 */
import { Task } from "../abi/records.js";
import api, {
  stripParentheses,
  type CallNode,
  type Compiler,
  type Expr,
  type FunctionInstance,
  type FunctionNode,
  type IdentifierNode,
  type Node,
  type Signature,
  type Type,
  type TypeRef,
} from "./asc.js";
import type { Bodies } from "./bodies.js";
import type { Closures } from "./closures.js";
import type { Defers } from "./defers.js";
import type { Hooks } from "./hooks.js";
import { TASK_LOCAL, type Session } from "./session.js";

const { NodeKind, Constraints, DecoratorFlags, ExpressionId, FlowFlags } = api;

/** What a call instruction was before it was deferred. */
interface DeferredCall {
  readonly target: Target;
  readonly operands: readonly Expr[];
  readonly types: readonly Type[];
}

export type Target =
  | {
      readonly kind: "direct";
      readonly name: string;
      readonly result: TypeRef;
      /** The number of arguments given, where the target is a stub that fills in the others. */
      readonly argumentsLength: number | null;
    }
  | { readonly kind: "indirect"; readonly signature: Signature; readonly argumentsLength: number };

/** The layout of values in a task, from byte `Task.SIZE` if nothing else is said, each at its natural alignment. */
export function layOut(
  types: readonly Type[],
  first = Task.SIZE,
): { readonly offsets: number[]; readonly size: number } {
  let end = first;
  const offsets = types.map((type) => {
    const at = (end + type.byteSize - 1) & -type.byteSize;
    end = at + type.byteSize;
    return at;
  });
  return { offsets, size: end };
}

/** Loads a task's values into the locals after the task's own. */
export function loadArguments(session: Session, types: readonly Type[], offsets: readonly number[]): Expr[] {
  const { module } = session.compiler;
  return types.map((type, i) => {
    const task = module.local_get(TASK_LOCAL, api.TypeRef.I32);
    const value = module.load(type.byteSize, type.isSignedIntegerValue, task, type.toRef(), offsets[i]);
    return module.local_set(TASK_LOCAL + 1 + i, value, type.isManaged);
  });
}

/** Reads the locals that `loadArguments` filled. */
export function readArguments(session: Session, types: readonly Type[]): Expr[] {
  const { module } = session.compiler;
  return types.map((type, i) => module.local_get(TASK_LOCAL + 1 + i, type.toRef()));
}

export class Tasks {
  /** Arguments whose parameter is a `Task`, with the call that they are given to. */
  private readonly taskArguments = new WeakMap<Node, Node>();
  /** Calls being compiled in order to be deferred; the value is there once the compiler has made the call. */
  private readonly pending = new Map<Node, DeferredCall | null>();
  private readonly thunks = new Map<string, number>();

  constructor(
    private readonly session: Session,
    private readonly bodies: Bodies,
    private readonly closures: Closures,
    private readonly defers: Defers,
  ) {}

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const tasks = this;
    const { prototype } = api.Compiler;

    hooks.replace(prototype, "compileExpression", function (original, expression, contextualType, constraints) {
      tasks.session.lastRange = expression.range;
      if (tasks.session.isTask(contextualType)) {
        const argument = stripParentheses(expression);
        const call = tasks.taskArguments.get(argument);
        const task = call && tasks.compileTask(this, argument, contextualType, call);
        if (task) return task;
      }
      if (expression.kind === NodeKind.Identifier && contextualType === api.Type.void)
        tasks.checkMention(this, expression);
      return original(expression, contextualType, constraints);
    });

    hooks.replace(prototype, "compileCallDirect", function (original, instance, args, reportNode, ...rest) {
      tasks.noteArguments(instance.signature, args, reportNode);
      const call = () => original(instance, args, reportNode, ...rest);
      return tasks.pending.has(reportNode) ? withoutInlining(this, instance, call) : call();
    });

    hooks.replace(prototype, "compileCallIndirect", function (original, signature, functionArg, args, node, ...rest) {
      tasks.noteArguments(signature, args, node);
      return original(signature, functionArg, args, node, ...rest);
    });

    hooks.replace(prototype, "makeCallDirect", function (original, instance, operands, reportNode, immediatelyDropped) {
      const given = operands?.length ?? 0;
      const call = original(instance, operands, reportNode, immediatelyDropped);
      if (tasks.pending.get(reportNode) === null) {
        tasks.pending.set(reportNode, takeApart(tasks.session, instance, call, given));
      }
      return call;
    });

    hooks.replace(prototype, "makeCallIndirect", function (original, ...args) {
      const [signature, functionArg, reportNode, operands] = args;
      if (tasks.pending.get(reportNode) !== null) return original(...args);
      tasks.pending.set(reportNode, takeIndirect(this, signature, functionArg, operands ?? []));
      this.currentType = signature.returnType;
      return this.module.unreachable();
    });
  }

  /** `go f(x)` as in Go is two statements here, of which the first, a function that is not called, does nothing. */
  private checkMention(compiler: Compiler, name: Node): void {
    const { currentFlow: flow, resolver } = compiler;
    const signature = resolver.resolveExpression(name, flow, api.Type.auto, api.ReportMode.Swallow)?.getSignature();
    if (!signature?.parameterTypes.some((type) => this.session.isTask(type))) return;
    const { text } = name as IdentifierNode;
    this.session.report(name.range, `'${text}' takes a call in parentheses: ${text}(f(x))`);
  }

  private noteArguments(signature: Signature, args: readonly Node[], call: Node): void {
    signature.parameterTypes.forEach((type, i) => {
      const argument = args[i];
      if (argument && this.session.isTask(type)) this.taskArguments.set(stripParentheses(argument), call);
    });
  }

  /** Compiles a call or function expression to a task; null if the expression is to be evaluated as it stands. */
  private compileTask(compiler: Compiler, expression: Node, type: Type, givenTo: Node): Expr | null {
    // The library hands tasks on; in a program, there is no expression of type Task but a deferred one.
    if (expression.range.source.isLibrary && this.isAlreadyTask(compiler, expression)) return null;
    let deferred: DeferredCall | null;
    const errorsBefore = this.session.errorCount;
    if (expression.kind === NodeKind.Function) {
      deferred = this.deferBody(expression as FunctionNode, []);
    } else if (expression.kind === NodeKind.Call) {
      const call = expression as CallNode;
      const called = stripParentheses(call.expression);
      deferred =
        called.kind === NodeKind.Function
          ? this.deferBody(called as FunctionNode, call.args)
          : this.deferCall(compiler, call);
      if (!deferred && this.session.errorCount === errorsBefore) {
        const text = shorten(expression);
        this.session.report(
          expression.range,
          `'${text}' is built into the compiler and cannot be deferred; put it in a function: ${calleeName(givenTo)}(() => { ${text}; })`,
        );
      }
    } else {
      deferred = null;
      const callee = calleeName(givenTo);
      this.session.report(
        expression.range,
        `'${callee}' takes a call, as in ${callee}(f(x)), or an arrow function, as in ${callee}(() => { … })`,
      );
    }
    if (this.session.isDeferTask(type)) this.defers.note(expression, deferred?.target);
    const task = deferred ? this.emit(compiler, deferred, type) : compiler.module.unreachable();
    compiler.currentType = type;
    compiler.addDebugLocation(task, expression.range);
    return task;
  }

  private isAlreadyTask(compiler: Compiler, expression: Node): boolean {
    if (expression.kind === NodeKind.Function) return false;
    if (expression.kind !== NodeKind.Call) return true;
    const type = compiler.resolver.resolveExpression(
      expression,
      compiler.currentFlow,
      api.Type.auto,
      api.ReportMode.Swallow,
    );
    return type !== null && this.session.isTask(type);
  }

  private deferCall(compiler: Compiler, call: CallNode): DeferredCall | null {
    this.pending.set(call, null);
    const { currentFlow: flow } = compiler;
    const { flags } = flow;
    try {
      compiler.compileCallExpression(call, api.Type.void, Constraints.WillDrop);
      return this.pending.get(call) ?? null;
    } finally {
      this.pending.delete(call);
      // A call that does not return ends its goroutine's flow of control, not this one.
      if ((flags & FlowFlags.Terminates) === 0) flow.flags &= ~FlowFlags.Terminates;
    }
  }

  private deferBody(expression: FunctionNode, args: readonly Node[]): DeferredCall | null {
    const body = this.bodies.compile(expression, args);
    if (!body) return null;
    const { internalName: name, signature } = body.instance;
    const target = { kind: "direct", name, result: signature.resultRefs, argumentsLength: null } as const;
    return { target, operands: body.operands, types: body.types };
  }

  /** Generates the evaluation of the operands, and the record, a task of this type. */
  private emit(compiler: Compiler, { target, operands, types }: DeferredCall, taskType: Type): Expr {
    const { session } = this;
    const { module, currentFlow: flow } = compiler;
    const I32 = api.TypeRef.I32;
    const before: Expr[] = [];
    const values = operands.map((operand, i) => {
      if (api.getExpressionId(operand) === ExpressionId.Const) return operand;
      const temp = flow.getTempLocal(types[i]!);
      before.push(module.local_set(temp.index, operand, temp.type.isManaged));
      return module.local_get(temp.index, temp.type.toRef());
    });
    const { offsets, size } = layOut(types);
    const task = flow.getTempLocal(api.Type.usize32);
    const thunk = this.thunkFor(target, types, offsets);
    const isDefer = session.isDeferTask(taskType);
    if (isDefer) this.defers.noteRecord(target, types, offsets, { record: task.index, thunk, size });
    const given = [module.i32(thunk), module.i32(size)];
    const record = isDefer
      ? session.inlineCore("goroutine/task/newDeferTask", given)
      : session.callCore(`goroutine/task/${session.isGoTask(taskType) ? "newGoTask" : "newTask"}`, given, I32);
    const stores = values.map((value, i) => {
      const type = types[i]!;
      return module.store(type.byteSize, module.local_get(task.index, I32), value, type.toRef(), offsets[i]);
    });
    return module.block(
      null,
      [...before, module.local_set(task.index, record, false), ...stores, module.local_get(task.index, I32)],
      I32,
    );
  }

  private thunkFor(target: Target, types: readonly Type[], offsets: readonly number[]): number {
    const name =
      target.kind === "direct"
        ? `~task:${target.name}${target.argumentsLength === null ? "" : `/${target.argumentsLength}`}`
        : `~task:${target.signature.toString()}/${target.argumentsLength}`;
    const existing = this.thunks.get(name);
    if (existing !== undefined) return existing;

    const { session } = this;
    const { compiler } = session;
    const { module } = compiler;
    const I32 = api.TypeRef.I32;
    const body = loadArguments(session, types, offsets);
    body.push(session.callCore("goroutine/task/freeTask", [module.local_get(TASK_LOCAL, I32)], api.TypeRef.None));
    if (target.argumentsLength !== null) {
      body.push(module.global_set(compiler.ensureArgumentsLength(), module.i32(target.argumentsLength)));
    }
    const values = readArguments(session, types);
    let call: Expr;
    let result: TypeRef;
    if (target.kind === "direct") {
      result = target.result;
      session.deferred.add(target.name);
      call = module.call(target.name, values, result);
    } else {
      const { paramRefs, resultRefs } = target.signature;
      result = resultRefs;
      const [callee, ...operands] = values as [Expr, ...Expr[]];
      body.push(module.global_set(this.closures.register(), module.copyExpression(callee)));
      call = module.call_indirect(null, module.load(4, false, callee, I32), operands, paramRefs, resultRefs);
    }
    body.push(result === api.TypeRef.None ? call : module.drop(call));
    const index = session.addThunk(
      name,
      types.map((type) => type.toRef()),
      body,
    );
    this.thunks.set(name, index);
    return index;
  }
}

/**
 * Makes a call that is not inlined whatever its callee asks for: an inlined body is no call that a thunk could make. The
 * arguments are compiled under the same setting, which only means that a call of the same function among them is a call.
 */
function withoutInlining(compiler: Compiler, instance: FunctionInstance, call: () => Expr): Expr {
  const flow = compiler.currentFlow;
  const { decoratorFlags } = instance;
  const { flags } = flow;
  instance.decoratorFlags &= ~DecoratorFlags.Inline;
  flow.flags &= ~FlowFlags.InlineContext;
  try {
    return call();
  } finally {
    instance.decoratorFlags = decoratorFlags;
    flow.flags |= flags & FlowFlags.InlineContext;
  }
}

/** Takes a finished direct call apart. `given` is the number of operands before omitted ones were filled in. */
function takeApart(session: Session, instance: FunctionInstance, call: Expr, given: number): DeferredCall | null {
  if (api.getExpressionId(call) === ExpressionId.Drop) call = api.getDropValue(call);
  if (api.getExpressionId(call) !== ExpressionId.Call) return null; // reported as an error
  const { signature } = instance;
  const types = signature.thisType ? [signature.thisType, ...signature.parameterTypes] : [...signature.parameterTypes];
  const operands = types.map((_, i) => api.getCallOperandAt(call, i));
  const name = api.getCallTarget(call);
  session.countCall(name, -1);
  let argumentsLength: number | null = null;
  if (name.endsWith("@varargs")) {
    // The last operand is a block that sets ~argumentsLength first; the thunk does that instead, right before the call.
    argumentsLength = given - (signature.thisType ? 1 : 0);
    operands.push(api.getBlockChildAt(operands.pop()!, 1));
  }
  return { target: { kind: "direct", name, result: signature.resultRefs, argumentsLength }, operands, types };
}

/** Defers a call of a function value: that is the first value, then come the arguments. */
function takeIndirect(
  compiler: Compiler,
  signature: Signature,
  functionArg: Expr,
  operands: readonly Expr[],
): DeferredCall {
  const types = signature.thisType ? [signature.thisType, ...signature.parameterTypes] : [...signature.parameterTypes];
  // Omitted arguments are zero: the table holds a stub that fills them in, going by ~argumentsLength.
  const all = types.map((type, i) => operands[i] ?? compiler.makeZero(type));
  return {
    target: { kind: "indirect", signature, argumentsLength: operands.length - (signature.thisType ? 1 : 0) },
    operands: [functionArg, ...all],
    types: [api.Type.usize32, ...types],
  };
}

/** What the program calls the function that takes the task: `go`, whatever it was imported as, or `once.do`. */
function calleeName(call: Node): string {
  return call.kind === NodeKind.Call ? shorten((call as CallNode).expression) : "this";
}

function shorten({ range }: Node): string {
  const line = range.source.text.slice(range.start, range.end).replace(/\s+/g, " ");
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}
