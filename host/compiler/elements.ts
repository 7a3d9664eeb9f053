/**
 * What AssemblyScript's compiler knows of a program, and what it compiles with, as far as Skein reads or replaces it (see `asc.ts`).
 *
 * `tests/compiler/asc.test.ts` checks that the methods stated here exist.
 */
import type {
  Source,
  Range,
  Node,
  IdentifierNode,
  LiteralNode,
  BinaryNode,
  CallNode,
  TemplateNode,
  ThrowNode,
  TryNode,
  ReturnNode,
  JumpNode,
  FunctionTypeNode,
  DeclarationNode,
  FunctionNode,
  VariableNode,
  VariableStatementNode,
  ForNode,
  ForOfNode,
  SwitchNode,
} from "./nodes.js";

/** A Binaryen expression. 0 stands for none. */
export type Expr = number;
/** A Binaryen value type. */
export type TypeRef = number;

// ---- types and elements ----------------------------------------------------------------------------------------------

export interface Type {
  readonly byteSize: number;
  /** In bits. */
  readonly size: number;
  readonly isSignedIntegerValue: boolean;
  readonly isUnsignedIntegerValue: boolean;
  readonly isIntegerValue: boolean;
  readonly isFloatValue: boolean;
  readonly isNumericValue: boolean;
  readonly isManaged: boolean;
  readonly isReference: boolean;
  readonly isNullableReference: boolean;
  readonly isExternalReference: boolean;
  /** A reference that is an address. */
  readonly isInternalReference: boolean;
  toRef(): TypeRef;
  getClass(): Class | null;
  getSignature(): Signature | null;
  toString(): string;
}

export interface Signature {
  readonly type: Type;
  readonly parameterTypes: readonly Type[];
  readonly requiredParameters: number;
  readonly returnType: Type;
  readonly thisType: Type | null;
  readonly paramRefs: TypeRef;
  readonly resultRefs: TypeRef;
  toString(): string;
}

export interface Element {
  readonly kind: number;
  readonly name: string;
  internalName: string;
  readonly parent: Element;
  decoratorFlags: number;
  is(flag: number): boolean;
  set(flag: number): void;
  hasDecorator(flag: number): boolean;
}

export interface DeclaredElement extends Element {
  readonly declaration: DeclarationNode;
  readonly identifierNode: IdentifierNode;
}

export interface Local extends Element {
  readonly index: number;
  readonly type: Type;
}

export interface Global extends DeclaredElement {
  readonly type: Type;
}

export interface Class extends Element {
  readonly type: Type;
  /** The runtime id. */
  readonly id: number;
  /** The size of its objects. */
  readonly nextMemoryOffset: number;
  readonly base: Class | null;
  readonly contextualTypeArguments: Map<string, Type> | null;
  getMethod(name: string): FunctionInstance | null;
  readonly members: Map<string, unknown> | null;
  getMember(name: string): { readonly instance?: Property | null } | null;
}

/** What a class has by a name: a field, or accessors. */
export interface Property extends Element {
  readonly isField: boolean;
  readonly type: Type;
  readonly memoryOffset: number;
  readonly getterInstance: FunctionInstance | null;
  readonly setterInstance: FunctionInstance | null;
}

export interface FunctionPrototype extends DeclaredElement {
  readonly functionTypeNode: FunctionTypeNode;
  readonly bodyNode: Node | null;
  readonly typeParameterNodes: readonly Node[] | null;
  getBoundClassOrInterface(): Class | null;
  parent: Element;
}

export interface FunctionInstance extends DeclaredElement {
  parent: Element;
  readonly type: Type;
  signature: Signature;
  readonly contextualTypeArguments: Map<string, Type> | null;
  readonly flow: Flow;
  readonly prototype: FunctionPrototype;
  readonly varargsStub: FunctionInstance | null;
  addLocal(type: Type, name?: string | null, declaration?: Node | null): Local;
  newStub(postfix: string, requiredParameters?: number): FunctionInstance;
}

export interface File extends Element {
  readonly source: Source;
  readonly exports: Map<string, DeclaredElement> | null;
  readonly exportsStar: readonly File[] | null;
  readonly startFunction: FunctionInstance;
  getMember(name: string): DeclaredElement | null;
}

/** The state of control flow at some point of the function being compiled; knows the locals in scope. */
export interface Flow {
  flags: number;
  parent: Flow | null;
  readonly outer: Flow | null;
  readonly targetFunction: FunctionInstance;
  readonly sourceFunction: FunctionInstance;
  readonly contextualTypeArguments: Map<string, Type> | null;
  scopedLocals: Map<string, Local> | null;
  scopedTypeAlias: Map<string, Element> | null;
  readonly returnType: Type;
  readonly isInline: boolean;
  readonly inlineReturnLabel: string | null;
  readonly breakLabel: string | null;
  readonly continueLabel: string | null;
  popControlFlowLabel(label: number): void;
  inherit(other: Flow): void;
  inheritAlternatives(left: Flow, right: Flow): void;
  lookup(name: string): Element | null;
  lookupLocal(name: string): Local | null;
  isNonnull(expression: Expr, type: Type): boolean;
  getTempLocal(type: Type): Local;
  addScopedLocal(name: string, type: Type): Local;
  addScopedDummyLocal(name: string, type: Type, declaration: Node): Local;
  fork(): Flow;
  getScopedLocal(name: string): Local | null;
  isLocalFlag(index: number, flag: number, defaultIfInlined?: boolean): boolean;
  setLocalFlag(index: number, flag: number): void;
}

// ---- the compiler ----------------------------------------------------------------------------------------------------

/** AssemblyScript's 64-bit integers at compile time. */
export interface Int64 {
  readonly low: number;
}

export interface MemorySegment {
  readonly buffer: Uint8Array;
  readonly offset: Int64;
}

export interface Module {
  readonly ref: number;
  i32(value: number): Expr;
  i64(low: number, high?: number): Expr;
  f32(value: number): Expr;
  f64(value: number): Expr;
  v128(bytes: Uint8Array): Expr;
  load(bytes: number, signed: boolean, ptr: Expr, type: TypeRef, offset?: number): Expr;
  store(bytes: number, ptr: Expr, value: Expr, type: TypeRef, offset?: number): Expr;
  local_get(index: number, type: TypeRef): Expr;
  local_set(index: number, value: Expr, isManaged: boolean): Expr;
  global_get(name: string, type: TypeRef): Expr;
  global_set(name: string, value: Expr): Expr;
  drop(value: Expr): Expr;
  block(label: string | null, children: Expr[], type?: TypeRef): Expr;
  loop(label: string, body: Expr): Expr;
  br(label: string, condition?: Expr, value?: Expr): Expr;
  switch(labels: readonly string[], defaultLabel: string, condition: Expr, value?: Expr): Expr;
  if(condition: Expr, ifTrue: Expr, ifFalse?: Expr): Expr;
  nop(): Expr;
  local_tee(index: number, value: Expr, isManaged: boolean, type: TypeRef): Expr;
  copyExpression(expression: Expr): Expr;
  call(target: string, operands: Expr[] | null, result: TypeRef): Expr;
  return_call(target: string, operands: Expr[] | null, result: TypeRef): Expr;
  return(value?: Expr): Expr;
  call_indirect(table: string | null, index: Expr, operands: Expr[] | null, params: TypeRef, results: TypeRef): Expr;
  unreachable(): Expr;
  memory_size(): Expr;
  unary(op: number, value: Expr): Expr;
  binary(op: number, left: Expr, right: Expr): Expr;
  runExpression(expression: Expr, flags: number): Expr;
  addFunction(name: string, params: TypeRef, results: TypeRef, vars: TypeRef[] | null, body: Expr): number;
  getFunction(name: string): number;
  addFunctionExport(internalName: string, externalName: string): void;
  addFunctionImport(
    internalName: string,
    externalModule: string,
    externalName: string,
    params: TypeRef,
    results: TypeRef,
  ): void;
  removeExport(externalName: string): void;
  addGlobal(name: string, type: TypeRef, mutable: boolean, initializer: Expr): number;
  setMemory(
    initial: number,
    maximum: number,
    segments: MemorySegment[],
    target: number,
    exportName?: string | null,
    name?: string,
    shared?: boolean,
  ): void;
  setDebugLocation(func: number, expression: Expr, file: number, line: number, column: number): void;
  removeFunction(name: string): void;
  getFeatures(): number;
  setFeatures(flags: number): void;
  setOptimizeLevel(level: number): void;
  setShrinkLevel(level: number): void;
  setDebugInfo(on: boolean): void;
  setFastMath(on: boolean): void;
  setLowMemoryUnused(on: boolean): void;
  setPassArgument(key: string, value: string): void;
  clearPassArguments(): void;
  getAlwaysInlineMaxSize(): number;
  getFlexibleInlineMaxSize(): number;
  getOneCallerInlineMaxSize(): number;
  setAlwaysInlineMaxSize(size: number): void;
  setFlexibleInlineMaxSize(size: number): void;
  setOneCallerInlineMaxSize(size: number): void;
  setAllowInliningFunctionsWithLoops(on: boolean): void;
  runPasses(passes: readonly string[], func?: number): void;
  validate(): boolean;
  toBinary(sourceMapUrl: string | null): { readonly output: Uint8Array; readonly sourceMap: string | null };
  toText(watFormat?: boolean): string;
  addDebugInfoFile(name: string): number;
  dispose(): void;
}

export interface Diagnostic {
  readonly code: number;
  readonly category: number;
  readonly message: string;
  readonly range: Range | null;
  readonly relatedRange: Range | null;
}

interface Emitter {
  readonly diagnostics: Diagnostic[];
  error(code: number, range: Range | null, arg0?: string, arg1?: string): void;
  emitDiagnostic(
    code: number,
    category: number,
    range: Range | null,
    related: Range | null,
    ...args: (string | null)[]
  ): void;
}

export interface Parser extends Emitter {
  readonly sources: Source[];
  readonly donelog: Set<string>;
  readonly dependees: Map<string, { readonly source: Source; readonly reportNode: Node }>;
  parseFile(text: string | null, path: string, isEntry: boolean): void;
  nextFile(): string | null;
  parseVariable(
    tokens: Tokenizer,
    flags: number,
    decorators: null,
    start: number,
    isFor?: boolean,
  ): VariableStatementNode | null;
  parseExpression(tokens: Tokenizer, precedence: number): Node | null;
  checkASI(tokens: Tokenizer): void;
  parseTryStatement(tokens: Tokenizer): Node | null;
  parseStatement(tokens: Tokenizer, isTopLevel?: boolean): Node | null;
  parseForStatement(tokens: Tokenizer): Node | null;
  parseWhileStatement(tokens: Tokenizer): Node | null;
  parseDoStatement(tokens: Tokenizer): Node | null;
  parseSwitchStatement(tokens: Tokenizer): Node | null;
  parseBreak(tokens: Tokenizer): Node | null;
  parseContinue(tokens: Tokenizer): Node | null;
  parseFunctionExpression(tokens: Tokenizer): Node | null;
  parseFunctionExpressionCommon(tokens: Tokenizer, ...rest: never[]): Node | null;
  parseVariableDeclaration(tokens: Tokenizer, flags: number, decorators: null, isFor?: boolean): VariableNode | null;
}

export interface Tokenizer extends Emitter {
  pos: number;
  readonly source: Source;
  /** Where the token begins that `peek` has seen. */
  readonly nextTokenPos: number;
  next(): number;
  unsafeNext(handling?: number, longest?: number): number;
  skip(token: number, handling?: number): boolean;
  skipIdentifier(handling?: number): boolean;
  readIdentifier(): string;
  readInteger(): unknown;
  peek(): number;
  range(start?: number, end?: number): Range;
}

export interface Program extends Emitter {
  readonly options: Options;
  /** `__new`. */
  readonly newInstance: FunctionInstance;
  readonly module: Module;
  readonly parser: Parser;
  readonly elementsByName: Map<string, Element>;
  readonly filesByName: Map<string, File>;
  readonly instancesByName: Map<string, Element>;
  /** Classes whose objects the runtime manages, by their ids. */
  readonly managedClasses: Map<number, Class>;
  readonly moduleImports: Map<string, Map<string, DeclaredElement>>;
  readonly stringInstance: Class;
  readonly visitInstance: FunctionInstance;
  initialize(): void;
  makeNativeFunction(name: string, signature: Signature): FunctionInstance;
}

export interface Resolver {
  resolveFunction(prototype: FunctionPrototype, typeArguments: readonly Type[] | null): FunctionInstance | null;
  resolveClass(prototype: Element, typeArguments: readonly Type[] | null): Class | null;
  resolveType(
    node: Node,
    flow: Flow | null,
    context: Element,
    typeArguments: Map<string, Type> | null,
    reportMode?: number,
  ): Type | null;
  inferGenericTypeArguments(
    call: Node,
    prototype: FunctionPrototype,
    parameters: readonly Node[] | null,
    flow: Flow,
    reportMode?: number,
  ): readonly Type[] | null;
  resolveExpression(node: Node, flow: Flow, type: Type, reportMode: number): Type | null;
  determineIntegerLiteralType(literal: LiteralNode, isNegative: boolean, context: Type): Type;
  resolveFunctionExpression(node: FunctionNode, flow: Flow, type: Type, reportMode: number): Type | null;
}

export interface Compiler extends Emitter {
  readonly program: Program;
  readonly module: Module;
  readonly options: Options;
  readonly resolver: Resolver;
  currentFlow: Flow;
  currentType: Type;
  readonly memoryOffset: Int64;
  readonly functionTable: FunctionInstance[];
  compile(): Module;
  compileFileByPath(internalPath: string, reportNode: Node): void;
  compileModuleExports(file: File): void;
  compileFile(file: File): void;
  compileFunction(instance: FunctionInstance): boolean;
  compileFunctionBody(instance: FunctionInstance, statements: Expr[]): boolean;
  compileFunctionExpression(expression: FunctionNode, contextualType: Type, constraints: number): Expr;
  compileIdentifierExpression(expression: IdentifierNode, contextualType: Type, constraints: number): Expr;
  compileVariableStatement(statement: VariableStatementNode): Expr;
  compileBinaryExpression(expression: BinaryNode, contextualType: Type, constraints: number): Expr;
  compileForStatement(statement: ForNode): Expr;
  compileForOfStatement(statement: ForOfNode): Expr;
  compileSwitchStatement(statement: SwitchNode): Expr;
  compileStatement(statement: Node): Expr;
  compileExpression(expression: Node, contextualType: Type, constraints?: number): Expr;
  compileThrowStatement(statement: ThrowNode): Expr;
  compileStatement(statement: Node): Expr;
  compileTryStatement(statement: TryNode): Expr;
  compileReturnStatement(statement: ReturnNode): Expr;
  compileBreakStatement(statement: JumpNode): Expr;
  compileContinueStatement(statement: JumpNode): Expr;
  compileLiteralExpression(literal: LiteralNode, context: Type, constraints: number, isNegative?: boolean): Expr;
  compileTemplateLiteral(literal: TemplateNode, constraints: number): Expr;
  ensureStaticString(text: string): Expr;
  makeToString(value: Expr, type: Type, reportNode: Node): Expr;
  compileCallExpression(expression: CallNode, contextualType: Type, constraints: number): Expr;
  compileCallDirect(
    instance: FunctionInstance,
    args: readonly Node[],
    reportNode: Node,
    thisArg?: Expr,
    constraints?: number,
  ): Expr;
  compileCallIndirect(
    signature: Signature,
    functionArg: Expr,
    args: readonly Node[],
    reportNode: Node,
    thisArg?: Expr,
    immediatelyDropped?: boolean,
  ): Expr;
  makeCallDirect(
    instance: FunctionInstance,
    operands: Expr[] | null,
    reportNode: Node,
    immediatelyDropped?: boolean,
  ): Expr;
  makeCallIndirect(
    signature: Signature,
    functionArg: Expr,
    reportNode: Node,
    operands?: Expr[] | null,
    immediatelyDropped?: boolean,
  ): Expr;
  makeCallInline(instance: FunctionInstance, operands: Expr[], thisArg?: Expr, immediatelyDropped?: boolean): Expr;
  makeAllocation(instance: Class): Expr;
  ensureConstructor(instance: Class, reportNode: Node): FunctionInstance;
  makeBuiltinFieldGetter(property: Property): number;
  makeBuiltinFieldSetter(property: Property): number;
  ensureOverrideStub(original: FunctionInstance): FunctionInstance;
  ensureVarargsStub(original: FunctionInstance): FunctionInstance;
  makeStaticAbort(message: Expr, codeLocation: Node): Expr;
  ensureArgumentsLength(): string;
  ensureRuntimeFunction(instance: FunctionInstance): { readonly low: number };
  makeAssignment(
    target: Element,
    value: Expr,
    valueType: Type,
    valueNode: Node,
    object: Node | null,
    index: Node | null,
    tee: boolean,
  ): Expr;
  makeLocalAssignment(local: Local, value: Expr, valueType: Type, tee: boolean): Expr;
  ensureSmallIntegerWrap(value: Expr, type: Type): Expr;
  convertExpression(expr: Expr, from: Type, to: Type, isExplicit: boolean, node: Node): Expr;
  makeZero(type: Type): Expr;
  addAlignedMemorySegment(buffer: Uint8Array, alignment: number): MemorySegment;
  addDebugLocation(expression: Expr, range: Range): void;
}

export interface Options {
  runtime: number;
  stackSize: number;
  sharedMemory: boolean;
  importMemory: boolean;
  exportMemory: boolean;
  maximumMemory: number;
  memoryBase: number;
  tableBase: number;
  sourceMap: boolean;
  exportStart: string | null;
  optimizeLevelHint: number;
  globalAliases: Map<string, string> | null;
  setFeature(feature: number, on?: boolean): void;
}
