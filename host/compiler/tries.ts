/**
 * `try`, `catch`, `finally`: the code of a `try` becomes a function, called by the core's `attempt` (`goroutine/unwind.ts`).
 *
 * ```
 * try { A } catch (e) { B }       record = newAttempt(thunk, size); what A captures is stored in it
 *                                 panic = attempt(record)
 *                                 if (panic) { e = caught(panic); B }
 * try { A } finally { C }         … C; if (panic) rethrow(panic)
 *                                 if (record.code == RETURN) return record's result; …
 * ```
 *
 * The function is a body as a goroutine's is (`bodies.ts`): it is compiled as in the function around it, what it captures are its
 * parameters. It has one more, the address of the record. Where A leaves the `try` other than by its end, it says in the record how, and what it
 * returns, and returns; the function around it does what was said, after `finally`. If that is the code of a `try` itself, it
 * leaves that in the same way.
 *
 * The record is freed as soon as `attempt` has returned and the result is in a local: nothing has been switched out since.
 */
import api, {
  type Compiler,
  type Expr,
  type Flow,
  type FunctionInstance,
  type Local,
  type Node,
  type TryNode,
  type Type,
} from "./asc.js";
import { EXIT, layOutAttempt, loadFrom, RESULT, storeIn } from "./attempts.js";
import type { Bodies, Body } from "./bodies.js";
import type { Hooks } from "./hooks.js";
import { ATTEMPT_THUNK, TASK_LOCAL, type Session } from "./session.js";
import { tryParts } from "./tryparts.js";

const { Constraints, FlowFlags } = api;
const { I32, None } = api.TypeRef;

/** The parameter of the code: the address of its record. */
const FRAME = "~frame";

/** How the code was left: `Attempt.code`. */
const Exit = { Return: 1, Break: 2, Continue: 3 } as const;
type Exit = (typeof Exit)[keyof typeof Exit];

/** The code of a `try` while it is compiled. */
interface Code {
  /** What the function that it belongs to returns. */
  readonly returnType: Type;
  /** Whether a loop, or `switch`, is around the `try`. */
  readonly mayBreak: boolean;
  readonly mayContinue: boolean;
  /** How it may be left. */
  readonly exits: Set<Exit>;
}

export class Tries {
  private readonly codes = new WeakMap<FunctionInstance, Code>();
  private readonly thunks = new Map<string, number>();
  /** The local with the panic, by what stands for it in the handler. */
  private readonly caught = new Map<Node, Local>();

  constructor(
    private readonly session: Session,
    private readonly bodies: Bodies,
  ) {}

  /** Tells whether a function is the code of a `try`. */
  isCode(instance: FunctionInstance): boolean {
    return this.codes.has(instance);
  }

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const tries = this;
    const { prototype } = api.Compiler;

    hooks.replace(prototype, "compileTryStatement", function (_original, statement) {
      return tries.compile(this, statement);
    });

    hooks.replace(prototype, "compileExpression", function (original, expression, type, ...rest) {
      const panic = tries.caught.get(expression);
      if (!panic) return original(expression, type, ...rest);
      this.currentType = type;
      return tries.session.callCore("goroutine/unwind/caught", [this.module.local_get(panic.index, I32)], I32);
    });

    hooks.replace(prototype, "compileReturnStatement", function (original, statement) {
      const code = tries.codeOf(this.currentFlow);
      if (!code) return original(statement);
      let value: Expr = 0;
      if (statement.value) value = this.compileExpression(statement.value, code.returnType, Constraints.ConvImplicit);
      else if (code.returnType !== api.Type.void) {
        tries.session.report(statement.range, `this function returns a ${code.returnType.toString()}`);
      }
      this.currentFlow.flags |= FlowFlags.Returns | FlowFlags.Terminates;
      if (value && code.returnType === api.Type.void) {
        return this.module.block(null, [value, tries.leave(this, code, Exit.Return, 0)]);
      }
      return tries.leave(this, code, Exit.Return, value);
    });

    hooks.replace(prototype, "compileBreakStatement", function (original, statement) {
      const code = tries.codeOf(this.currentFlow);
      if (!code?.mayBreak || statement.label || this.currentFlow.breakLabel !== null) return original(statement);
      this.currentFlow.flags |= FlowFlags.Terminates;
      return tries.leave(this, code, Exit.Break, 0);
    });

    hooks.replace(prototype, "compileContinueStatement", function (original, statement) {
      const code = tries.codeOf(this.currentFlow);
      if (!code?.mayContinue || statement.label || this.currentFlow.continueLabel !== null) return original(statement);
      this.currentFlow.flags |= FlowFlags.Terminates;
      return tries.leave(this, code, Exit.Continue, 0);
    });
  }

  /** The code that a flow is in; undefined if in none, or in a function that is inlined into it. */
  private codeOf(flow: Flow): Code | undefined {
    return flow.isInline ? undefined : this.codes.get(flow.sourceFunction);
  }

  /** In the code of a `try`: says how it is left, and leaves it. */
  private leave({ module, currentFlow: flow }: Compiler, code: Code, exit: Exit, value: Expr): Expr {
    code.exits.add(exit);
    const frame = flow.lookupLocal(FRAME)!.index;
    const statements: Expr[] = [];
    if (value) {
      const { returnType: type } = code;
      const result = flow.getTempLocal(type);
      const get = (): Expr => module.local_get(result.index, type.toRef());
      statements.push(module.local_set(result.index, value, type.isManaged));
      if (type.isInternalReference) {
        statements.push(this.session.callCore("goroutine/unwind/shadeResult", [get()], None));
      }
      statements.push(storeIn(module, frame, get(), type, RESULT));
    }
    statements.push(storeIn(module, frame, module.i32(exit), api.Type.i32, EXIT), module.return());
    return module.block(null, statements);
  }

  private compile(compiler: Compiler, statement: TryNode): Expr {
    const { module, currentFlow: flow } = compiler;
    const { code: expression, handler, caught, finalizer } = tryParts(statement);
    const outer = this.codeOf(flow);
    const made = this.bodies.compile(expression, [], {
      name: FRAME,
      prepare: (instance) => {
        this.codes.set(instance, {
          returnType: outer?.returnType ?? flow.returnType,
          mayBreak: flow.breakLabel !== null || outer?.mayBreak === true,
          mayContinue: flow.continueLabel !== null || outer?.mayContinue === true,
          exits: new Set(),
        });
      },
    });
    if (!made) return module.unreachable(); // reported
    const code = this.codes.get(made.instance)!;
    const panic = flow.getTempLocal(api.Type.i32);
    const exit = flow.getTempLocal(api.Type.i32);
    const isPanic = (): Expr => module.local_get(panic.index, I32);
    const { statements, result } = this.attempt(compiler, statement, made, code, panic, exit);

    const codeFlow = flow.fork();
    codeFlow.flags |= flagsOf(code, made.instance.flow);
    if (handler) {
      const handlerFlow = flow.fork();
      if (caught) this.caught.set(caught, panic);
      else statements.push(this.passExit(compiler, isPanic));
      compiler.currentFlow = handlerFlow;
      const handled = compiler.compileStatement(handler);
      compiler.currentFlow = flow;
      statements.push(module.if(isPanic(), handled));
      flow.inheritAlternatives(codeFlow, handlerFlow);
    } else flow.inherit(codeFlow);
    if (finalizer) {
      const finalizerFlow = flow.fork();
      finalizerFlow.flags &= ~(FlowFlags.Terminates | FlowFlags.Returns | FlowFlags.Breaks | FlowFlags.Continues);
      compiler.currentFlow = finalizerFlow;
      statements.push(compiler.compileStatement(finalizer));
      compiler.currentFlow = flow;
      flow.inherit(finalizerFlow);
      const rethrow = this.session.callCore("goroutine/unwind/rethrow", [isPanic()], None);
      statements.push(module.if(isPanic(), rethrow));
    }
    statements.push(...this.follow(compiler, code, exit, result));
    if (flow.flags & FlowFlags.Terminates) statements.push(module.unreachable());
    return module.block(null, statements);
  }

  /** A handler that does not say what it catches: passes on what is not caught. */
  private passExit({ module }: Compiler, panic: () => Expr): Expr {
    const call = this.session.callCore("goroutine/unwind/caught", [panic()], I32);
    return module.if(panic(), module.drop(call));
  }

  /** Makes the record and has it attempted. */
  private attempt(
    compiler: Compiler,
    statement: TryNode,
    { instance, operands, types }: Body,
    { exits, returnType }: Code,
    panic: Local,
    exit: Local,
  ): { statements: Expr[]; result: Local | null } {
    const { module, currentFlow: flow } = compiler;
    const { session } = this;
    const { offsets, size } = layOutAttempt(types, returnType);
    const record = flow.getTempLocal(api.Type.usize32);
    const at = (): Expr => module.local_get(record.index, I32);
    const values = types.map((type, i) => {
      const local = flow.getTempLocal(type);
      return { local, set: module.local_set(local.index, operands[i]!, type.isManaged) };
    });
    const thunk = this.thunk(instance, types, offsets);
    const made = session.callCore("goroutine/unwind/newAttempt", [module.i32(thunk), module.i32(size)], I32);
    const call = session.callCore("goroutine/unwind/attempt", [at()], I32);
    compiler.addDebugLocation(call, statement.range);
    const statements = [
      ...values.map(({ set }) => set),
      module.local_set(record.index, made, false),
      ...values.map(({ local: { index, type } }, i) =>
        storeIn(module, record.index, module.local_get(index, type.toRef()), type, offsets[i]!),
      ),
      module.local_set(panic.index, call, false),
    ];
    let result: Local | null = null;
    if (exits.size > 0) {
      statements.push(module.local_set(exit.index, loadFrom(module, record.index, api.Type.i32, EXIT), false));
    }
    if (exits.has(Exit.Return) && returnType !== api.Type.void) {
      result = flow.getTempLocal(returnType);
      const load = loadFrom(module, record.index, returnType, RESULT);
      // Without that exit, what is there means nothing.
      const isReturn = this.isExit(compiler, exit, Exit.Return);
      statements.push(module.if(isReturn, module.local_set(result.index, load, returnType.isManaged)));
    }
    statements.push(session.callCore("memory/objects/freeRecord", [at()], None));
    return { statements, result };
  }

  /** Calls the code with what is in its record. */
  private thunk(
    { internalName, signature }: FunctionInstance,
    types: readonly Type[],
    offsets: readonly number[],
  ): number {
    const name = `${ATTEMPT_THUNK}${internalName}`;
    const existing = this.thunks.get(name);
    if (existing !== undefined) return existing;
    const { module } = this.session.compiler;
    const operands = types.map((type, i) => loadFrom(module, TASK_LOCAL, type, offsets[i]!));
    operands.splice(signature.thisType ? 1 : 0, 0, module.local_get(TASK_LOCAL, I32));
    const index = this.session.addThunk(name, [], [module.call(internalName, operands, signature.resultRefs)]);
    this.thunks.set(name, index);
    return index;
  }

  private isExit({ module }: Compiler, exit: Local, which: Exit): Expr {
    return module.binary(api.BinaryOp.EqI32, module.local_get(exit.index, I32), module.i32(which));
  }

  /** Leaves the `try` as its code has said. */
  private follow(compiler: Compiler, { exits }: Code, exit: Local, result: Local | null): Expr[] {
    const { module, currentFlow: flow } = compiler;
    const outer = this.codeOf(flow);
    const value = (): Expr => (result ? module.local_get(result.index, result.type.toRef()) : 0);
    const ways: Record<Exit, () => Expr> = {
      [Exit.Return]: () => {
        if (outer) return this.leave(compiler, outer, Exit.Return, value());
        if (flow.isInline) return module.br(flow.inlineReturnLabel!, 0, value());
        return module.return(value());
      },
      [Exit.Break]: () =>
        flow.breakLabel !== null ? module.br(flow.breakLabel) : this.leave(compiler, outer!, Exit.Break, 0),
      [Exit.Continue]: () =>
        flow.continueLabel !== null ? module.br(flow.continueLabel) : this.leave(compiler, outer!, Exit.Continue, 0),
    };
    return [...exits].map((which) => module.if(this.isExit(compiler, exit, which), ways[which]()));
  }
}

/** What the code of a `try` means for the flow of control around it. */
function flagsOf({ exits }: Code, { flags }: Flow): number {
  const ends = (flags & FlowFlags.Terminates) !== 0;
  if (ends && exits.size === 0) return FlowFlags.Terminates | FlowFlags.Throws;
  if (ends && exits.size === 1) {
    if (exits.has(Exit.Return)) return FlowFlags.Terminates | FlowFlags.Returns;
    if (exits.has(Exit.Continue)) return FlowFlags.Terminates | FlowFlags.Continues;
    return FlowFlags.Breaks | FlowFlags.Terminates;
  }
  let result = ends ? FlowFlags.Terminates : 0;
  if (exits.has(Exit.Return)) result |= FlowFlags.ConditionallyReturns;
  if (exits.has(Exit.Break)) result |= FlowFlags.ConditionallyBreaks;
  if (exits.has(Exit.Continue)) result |= FlowFlags.ConditionallyContinues;
  return result;
}
