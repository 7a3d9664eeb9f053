/**
 * Variables that functions share live in cells on the heap: the core's class `Cell<T>`.
 *
 * ```
 * let x = 1;                      cell = new Cell; cell.value = 1
 * x += 1;                         cell.value += 1
 * for (let i = 0; …; i++) { … }   before i++, on each turn: cell' = new Cell; cell'.value = cell.value; cell = cell'
 * ```
 *
 * For AssemblyScript such a variable stays a local, with a type and what it knows of its value; only that reading and writing it go
 * to the cell, whose address is in a local of its own. What is known of a value (that it is not null) may be outdated by what
 * another function did; so it is with fields in Go, and using null panics (`nullchecks.ts`).
 *
 * To write one changes no field but of cells; reading is not marked (`marks.ts`), so one that another goroutine changes is read anew on each turn of a loop.
 *
 * A cell is made where the variable is declared, so each time that control comes by it is another; that of a parameter as the function
 * begins.
 */
import api, { type Compiler, type Expr, type Flow, type Local, type Node, type VariableStatementNode } from "./asc.js";
import type { Captures } from "./captures.js";
import type { Hooks } from "./hooks.js";
import { asField } from "./marks.js";
import type { Session } from "./session.js";

const { LocalFlags, NodeKind, CommonFlags } = api;
const { I32, None } = api.TypeRef;

/** A statement that declares shared variables, while it is compiled. */
interface Declaring {
  readonly flow: Flow;
  readonly nodes: ReadonlyMap<string, { readonly hasValue: boolean }>;
  /** Makes the cells of the variables without a value. */
  readonly first: Expr[];
}

export class Cells {
  /** Shared variables, with the locals that have the addresses of their cells. */
  private readonly addresses = new WeakMap<Local, Local>();
  /** Variables whose declaration, compiled next, makes the cell. */
  private readonly unmade = new WeakSet<Local>();
  private declaring: Declaring | null = null;
  /** What a `for` does between turns, with the variables that are new on each. */
  private readonly incrementors = new WeakMap<Node, { readonly names: readonly string[]; readonly isEmpty: boolean }>();

  constructor(
    private readonly session: Session,
    private readonly captures: Captures,
  ) {}

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const cells = this;
    const { prototype } = api.Compiler;

    hooks.replace(prototype, "compileVariableStatement", function (original, statement) {
      const before = cells.declaring;
      const declaring = cells.declaringOf(statement, this.currentFlow);
      cells.declaring = declaring;
      try {
        const code = original(statement);
        if (!declaring || declaring.first.length === 0) return code;
        return this.module.block(null, code ? [...declaring.first, code] : declaring.first);
      } finally {
        cells.declaring = before;
      }
    });

    hooks.replace(api.Flow.prototype, "addScopedLocal", function (original, name, type) {
      const local = original(name, type);
      if (cells.declaring?.flow === this) cells.declared(local);
      return local;
    });

    hooks.replace(api.Function.prototype, "addLocal", function (original, type, name, ...rest) {
      const local = original(type, name, ...rest);
      // A `var`. (Others get their names later.)
      if (name && cells.declaring?.flow.targetFunction === this) cells.declared(local);
      return local;
    });

    hooks.replace(prototype, "compileFunctionBody", function (original, instance, statements) {
      const { bodyNode } = instance.prototype;
      for (const name of bodyNode ? cells.captures.parametersOf(bodyNode) : []) {
        const local = this.currentFlow.lookupLocal(name);
        if (local) statements.push(cells.make(local, this.module.local_get(local.index, local.type.toRef())));
      }
      return original(instance, statements);
    });

    hooks.replace(prototype, "compileIdentifierExpression", function (original, expression, ...rest) {
      const code = original(expression, ...rest);
      const local = expression.kind === NodeKind.Identifier && this.currentFlow.lookupLocal(expression.text);
      return (local && cells.read(local)) || code;
    });

    hooks.replace(prototype, "makeLocalAssignment", function (original, local, value, valueType, tee) {
      const address = cells.addresses.get(local);
      if (!address) return original(local, value, valueType, tee);
      const set = original(local, value, valueType, false);
      const ref = local.type.toRef();
      const get = (): Expr => this.module.local_get(local.index, ref);
      const write = cells.unmade.delete(local) ? cells.make(local, get()) : cells.write(local, get());
      if (!tee) return this.module.block(null, [set, write]);
      this.currentType = local.type;
      return this.module.block(null, [set, write, get()], ref);
    });

    hooks.replace(prototype, "compileForStatement", function (original, statement) {
      const { initializer } = statement;
      if (initializer?.kind === NodeKind.Variable) {
        const { declarations } = initializer as VariableStatementNode;
        const shared = declarations.filter((declaration) => cells.captures.isShared(declaration));
        if (shared.length > 0) {
          const isEmpty = statement.incrementor === null;
          // Any node will do, as it is not compiled.
          const incrementor = (statement.incrementor ??= api.Node.createBlockStatement([], statement.range));
          if (!cells.incrementors.has(incrementor)) {
            cells.incrementors.set(incrementor, { names: shared.map(({ name }) => name.text), isEmpty });
          }
        }
      }
      return original(statement);
    });

    hooks.replace(prototype, "compileExpression", function (original, expression, ...rest) {
      const renewed = cells.incrementors.get(expression);
      return renewed
        ? cells.renew(this, renewed.names, renewed.isEmpty ? 0 : original(expression, ...rest))
        : original(expression, ...rest);
    });
  }

  /** The local that has the address of a variable's cell; undefined if it has none. */
  addressOf(variable: Local): Local | undefined {
    return this.addresses.get(variable);
  }

  /** Declares a variable whose cell another function has made, and `address` tells of. */
  adopt(flow: Flow, name: string, variable: Local, address: Local): void {
    const local = flow.addScopedLocal(name, variable.type);
    flow.setLocalFlag(local.index, LocalFlags.Initialized);
    this.addresses.set(local, address);
  }

  private declaringOf({ declarations }: VariableStatementNode, flow: Flow): Declaring | null {
    const shared = declarations.filter((declaration) => this.captures.isShared(declaration));
    if (shared.length === 0) return null;
    const nodes = new Map(shared.map(({ name, initializer }) => [name.text, { hasValue: initializer !== null }]));
    return { flow, nodes, first: [] };
  }

  private declared(local: Local): void {
    const { nodes, first, flow } = this.declaring!;
    const node = nodes.get(local.name);
    if (!node) return;
    flow.setLocalFlag(local.index, LocalFlags.Initialized);
    if (node.hasValue) {
      this.addresses.set(local, this.addressLocal());
      this.unmade.add(local);
    } else first.push(this.make(local, this.session.compiler.makeZero(local.type)));
  }

  private addressLocal(): Local {
    return this.session.compiler.currentFlow.getTempLocal(api.Type.usize32);
  }

  /** Makes the cell of a variable. */
  private make(local: Local, value: Expr): Expr {
    const { module } = this.session.compiler;
    let address = this.addresses.get(local);
    if (!address) this.addresses.set(local, (address = this.addressLocal()));
    const { id, nextMemoryOffset } = this.session.coreClass("goroutine/closure/Cell", [local.type]);
    const cell = this.session.callCore("memory/rt/__new", [module.i32(nextMemoryOffset), module.i32(id)], I32);
    return module.block(null, [module.local_set(address.index, cell, false), this.write(local, value)]);
  }

  private write(local: Local, value: Expr): Expr {
    const { module } = this.session.compiler;
    const { type } = local;
    const address = (): Expr => module.local_get(this.addresses.get(local)!.index, I32);
    if (!type.isManaged) return asField(module.store(type.byteSize, address(), value, type.toRef()));
    const object = module.local_tee(local.index, value, false, I32);
    return module.block(null, [
      asField(module.store(type.byteSize, address(), object, I32)),
      this.session.callCore("memory/rt/__link", [address(), module.local_get(local.index, I32), module.i32(0)], None),
    ]);
  }

  /** Reads a variable; 0 if it is not shared. The compiler has looked at it already, and noted its type. */
  private read(local: Local): Expr {
    const { module } = this.session.compiler;
    const address = this.addresses.get(local);
    if (!address || local.is(CommonFlags.Inlined)) return 0;
    const { type } = local;
    const ref = type.toRef();
    const value = module.load(type.byteSize, type.isSignedIntegerValue, module.local_get(address.index, I32), ref);
    // So the compiler sees which variable a condition is about.
    return type.isNullableReference ? module.local_tee(local.index, value, type.isManaged, ref) : value;
  }

  /** Gives the variables of a loop new cells, for its next turn. */
  private renew(compiler: Compiler, names: readonly string[], incrementor: Expr): Expr {
    const { module, currentFlow: flow } = compiler;
    const code: Expr[] = [];
    for (const name of names) {
      const local = flow.lookupLocal(name);
      if (!local || !this.addresses.has(local)) continue;
      const ref = local.type.toRef();
      code.push(module.local_set(local.index, this.read(local), local.type.isManaged));
      code.push(this.make(local, module.local_get(local.index, ref)));
    }
    if (incrementor) code.push(incrementor);
    compiler.currentType = api.Type.void;
    return module.block(null, code);
  }
}
