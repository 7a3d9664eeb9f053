/**
 * The part of AssemblyScript 0.27.37 that Skein builds on, with types.
 *
 * AssemblyScript exports its whole compiler, but its declaration file is written in its own dialect: `const enum`s that
 * separate compilation cannot see, and members marked private that Skein replaces. So this file, `nodes.ts` and `elements.ts` state
 * every member that the rest of `host/compiler` relies on; nothing else there imports `assemblyscript`.
 *
 * The version is pinned, and `tests/compiler/asc.test.ts` checks that every method replaced here exists.
 */
import * as assemblyscript from "assemblyscript";
import type {
  Compiler,
  Element,
  Expr,
  Flow,
  FunctionInstance,
  FunctionPrototype,
  Int64,
  Module,
  Options,
  Parser,
  Program,
  Resolver,
  Signature,
  Tokenizer,
  Type,
  TypeRef,
} from "./elements.js";
import type {
  ForNode,
  FunctionDeclarationNode,
  FunctionNode,
  FunctionTypeNode,
  IdentifierNode,
  JumpNode,
  Node,
  ParameterNode,
  ParenthesizedNode,
  Range,
  Source,
  SwitchCaseNode,
  TryNode,
  TypeNode,
  VariableNode,
  VariableStatementNode,
} from "./nodes.js";

export type * from "./nodes.js";
export type * from "./elements.js";

type Constructor<Args extends readonly unknown[], Result> = new (...args: Args) => Result;
type Enum<Names extends string> = Readonly<Record<Names, number>>;

interface Api {
  readonly Compiler: Constructor<[Program], Compiler> & { readonly prototype: Compiler };
  readonly Module: { readonly prototype: Module };
  readonly Parser: { readonly prototype: Parser };
  readonly Resolver: { readonly prototype: Resolver };
  readonly Tokenizer: { readonly prototype: Tokenizer };
  readonly Flow: { readonly prototype: Flow; createDefault(target: FunctionInstance): Flow };
  readonly Program: Constructor<[Options], Program>;
  readonly Options: Constructor<[], Options>;
  readonly Signature: {
    create(
      program: Program,
      parameters: readonly Type[],
      returnType: Type,
      thisType?: Type | null,
      requiredParameters?: number,
      hasRest?: boolean,
    ): Signature;
  };
  readonly Type: Readonly<Record<"void" | "auto" | "i32" | "i64" | "u64" | "usize32", Type>>;
  readonly Function: Constructor<
    [string, FunctionPrototype, null, Signature, Map<string, Type> | null],
    FunctionInstance
  > & { readonly prototype: FunctionInstance };
  readonly FunctionPrototype: Constructor<[string, Element, FunctionDeclarationNode, number], FunctionPrototype>;
  readonly FunctionDeclaration: Constructor<
    [IdentifierNode, null, number, null, FunctionTypeNode, Node, number, Range],
    FunctionDeclarationNode
  >;
  readonly Node: {
    createIdentifierExpression(text: string, range: Range): IdentifierNode;
    createFunctionType(
      parameters: readonly ParameterNode[],
      returnType: TypeNode,
      thisType: null,
      nullable: boolean,
      range: Range,
    ): FunctionTypeNode;
    createParameter(kind: number, name: IdentifierNode, type: TypeNode, initializer: null, range: Range): ParameterNode;
    createOmittedType(range: Range): TypeNode;
    createSimpleTypeName(name: string, range: Range): Node;
    createNamedType(name: Node, typeArguments: null, isNullable: boolean, range: Range): TypeNode;
    createBlockStatement(statements: readonly Node[], range: Range): Node;
    createExpressionStatement(expression: Node): Node;
    createBreakStatement(label: null, range: Range): JumpNode;
    createContinueStatement(label: null, range: Range): JumpNode;
    createIfStatement(condition: Node, ifTrue: Node, ifFalse: Node | null, range: Range): Node;
    createTryStatement(
      body: readonly Node[],
      catchVariable: IdentifierNode | null,
      catchStatements: readonly Node[] | null,
      finallyStatements: readonly Node[] | null,
      range: Range,
    ): TryNode;
    createFunctionExpression(declaration: FunctionDeclarationNode): FunctionNode;
    createVariableStatement(
      decorators: null,
      declarations: readonly VariableNode[],
      range: Range,
    ): VariableStatementNode;
    createVariableDeclaration(
      name: IdentifierNode,
      decorators: null,
      flags: number,
      type: TypeNode | null,
      initializer: Node | null,
      range: Range,
    ): VariableNode;
    createReturnStatement(value: Node, range: Range): Node;
    createThisExpression(range: Range): IdentifierNode;
    createFalseExpression(range: Range): IdentifierNode;
    createTrueExpression(range: Range): IdentifierNode;
    createSwitchStatement(condition: Node, cases: readonly SwitchCaseNode[], range: Range): Node;
    createSwitchCase(label: Node | null, statements: readonly Node[], range: Range): SwitchCaseNode;
    createVariableDeclaration(
      name: IdentifierNode,
      decorators: null,
      flags: number,
      type: Node | null,
      initializer: Node | null,
      range: Range,
    ): VariableNode;
    createVariableStatement(
      decorators: null,
      declarations: readonly VariableNode[],
      range: Range,
    ): VariableStatementNode;
    createForStatement(
      initializer: Node | null,
      condition: Node | null,
      incrementor: Node | null,
      body: Node,
      range: Range,
    ): ForNode;
    createIntegerLiteralExpression(value: Int64, range: Range): Node;
    createBinaryExpression(operator: number, left: Node, right: Node, range: Range): Node;
    createUnaryPostfixExpression(operator: number, operand: Node, range: Range): Node;
    createPropertyAccessExpression(object: Node, property: IdentifierNode, range: Range): Node;
    createElementAccessExpression(object: Node, index: Node, range: Range): Node;
    createCallExpression(callee: Node, typeArguments: null, args: readonly Node[], range: Range): Node;
  };
  readonly Source: { readonly native: Source & Node };
  readonly Range: Constructor<[number, number], Range>;
  readonly isTypeOmitted: (type: Node) => boolean;
  readonly getCallTarget: (call: Expr) => string;
  readonly getCallOperandAt: (call: Expr, index: number) => Expr;
  readonly getCallOperandCount: (call: Expr) => number;
  readonly getBlockChildAt: (block: Expr, index: number) => Expr;
  readonly getBlockChildCount: (block: Expr) => number;
  readonly getDropValue: (drop: Expr) => Expr;
  readonly getExpressionId: (expression: Expr) => number;
  readonly getExpressionType: (expression: Expr) => TypeRef;
  readonly getConstValueI32: (constant: Expr) => number;
  readonly getConstValueI64Low: (constant: Expr) => number;
  readonly getConstValueI64High: (constant: Expr) => number;
  readonly getConstValueF32: (constant: Expr) => number;
  readonly getConstValueF64: (constant: Expr) => number;
  readonly getConstValueV128: (constant: Expr) => Uint8Array;
  readonly getFunctionBody: (func: number) => Expr;
  readonly getFunctionResults: (func: number) => TypeRef;

  readonly NodeKind: Enum<
    | "Assertion"
    | "Comma"
    | "ElementAccess"
    | "False"
    | "FieldDeclaration"
    | "Null"
    | "Omitted"
    | "Ternary"
    | "Throw"
    | "True"
    | "NamedType"
    | "FunctionType"
    | "TypeName"
    | "TypeParameter"
    | "Parameter"
    | "Identifier"
    | "Binary"
    | "Block"
    | "Break"
    | "Call"
    | "Continue"
    | "For"
    | "ForOf"
    | "Function"
    | "New"
    | "Parenthesized"
    | "PropertyAccess"
    | "Super"
    | "Switch"
    | "SwitchCase"
    | "This"
    | "Try"
    | "TypeDeclaration"
    | "UnaryPostfix"
    | "UnaryPrefix"
    | "Variable"
    | "VariableDeclaration"
    | "FunctionDeclaration"
    | "MethodDeclaration"
    | "ClassDeclaration"
    | "NamespaceDeclaration"
    | "While"
    | "Do"
    | "If"
    | "Return"
    | "Expression"
    | "Literal"
  >;
  readonly Precedence: Enum<"Comma">;
  readonly LiteralKind: Enum<"Array" | "Integer" | "Object" | "String">;
  readonly Token: Enum<
    | "Equals"
    | "Plus_Equals"
    | "Minus_Equals"
    | "Asterisk_Equals"
    | "Asterisk_Asterisk_Equals"
    | "Slash_Equals"
    | "Percent_Equals"
    | "LessThan_LessThan_Equals"
    | "GreaterThan_GreaterThan_Equals"
    | "GreaterThan_GreaterThan_GreaterThan_Equals"
    | "Ampersand_Equals"
    | "Bar_Equals"
    | "Caret_Equals"
    | "Ampersand"
    | "Ampersand_Ampersand"
    | "Bar_Bar"
    | "Question"
    | "Asterisk"
    | "Equals_Equals"
    | "Equals_Equals_Equals"
    | "Exclamation"
    | "Exclamation_Equals"
    | "Exclamation_Equals_Equals"
    | "GreaterThan_Equals"
    | "GreaterThan_GreaterThan"
    | "GreaterThan_GreaterThan_GreaterThan"
    | "LessThan_LessThan"
    | "Minus"
    | "Minus_Minus"
    | "Plus"
    | "Plus_Plus"
    | "Percent"
    | "Slash"
    | "OpenBrace"
    | "CloseBrace"
    | "Semicolon"
    | "CloseParen"
    | "OpenBracket"
    | "CloseBracket"
    | "Catch"
    | "Colon"
    | "Comma"
    | "Identifier"
    | "LessThan"
  >;
  readonly CommonFlags: Enum<"Let" | "Const" | "Instance" | "Generic" | "Inlined" | "Compiled" | "Constructor">;
  readonly ElementKind: Enum<"Local" | "Function" | "FunctionPrototype" | "Class" | "Global">;
  readonly DecoratorFlags: Enum<"None" | "Inline" | "Builtin">;
  readonly DiagnosticCode: Enum<"User_defined_0" | "File_0_not_found" | "_0_expected">;
  readonly DiagnosticCategory: Enum<"Error" | "Warning" | "Info" | "Pedantic">;
  readonly Constraints: Enum<"None" | "ConvImplicit" | "WillDrop">;
  readonly ExpressionId: Enum<"Const" | "Call" | "Drop" | "Block" | "Unreachable" | "LocalSet">;
  readonly ExpressionRunnerFlags: Enum<"PreserveSideeffects">;
  readonly TypeRef: Enum<"None" | "I32" | "I64" | "F32" | "F64" | "V128" | "Unreachable">;
  readonly BinaryOp: Enum<
    | "AddI32"
    | "SubI32"
    | "ShlI32"
    | "AddI64"
    | "LtU32"
    | "LtU64"
    | "GeU32"
    | "LeU32"
    | "EqI32"
    | "NeI32"
    | "GtI32"
    | "DivI32"
    | "DivU32"
    | "DivI64"
    | "DivU64"
    | "RemI32"
    | "RemU32"
    | "RemI64"
    | "RemU64"
  >;
  readonly UnaryOp: Enum<
    | "EqzI32"
    | "TruncF32ToI32"
    | "TruncF32ToI64"
    | "TruncF32ToU32"
    | "TruncF32ToU64"
    | "TruncF64ToI32"
    | "TruncF64ToI64"
    | "TruncF64ToU32"
    | "TruncF64ToU64"
  >;
  readonly LocalFlags: Enum<"Constant" | "Initialized" | "NonNull">;
  readonly FlowFlags: Enum<
    | "InlineContext"
    | "Returns"
    | "Throws"
    | "Breaks"
    | "Continues"
    | "Terminates"
    | "ConditionallyReturns"
    | "ConditionallyBreaks"
    | "ConditionallyContinues"
  >;
  readonly SourceKind: Enum<"Library" | "UserEntry">;
  readonly Feature: Enum<"Threads" | "Simd">;
  readonly FeatureFlags: Enum<"TailCall">;
  readonly Runtime: Enum<"Incremental">;
  readonly ReportMode: Enum<"Report" | "Swallow">;
  readonly ArrowKind: Enum<"None">;
  readonly ParameterKind: Enum<"Default" | "Rest">;
}

const api = assemblyscript as unknown as Api;
export default api;

const { NodeKind, Token } = api;

/** Operators of assignments. */
export const ASSIGNMENTS: ReadonlySet<number> = new Set([
  Token.Equals,
  Token.Plus_Equals,
  Token.Minus_Equals,
  Token.Asterisk_Equals,
  Token.Asterisk_Asterisk_Equals,
  Token.Slash_Equals,
  Token.Percent_Equals,
  Token.LessThan_LessThan_Equals,
  Token.GreaterThan_GreaterThan_Equals,
  Token.GreaterThan_GreaterThan_GreaterThan_Equals,
  Token.Ampersand_Equals,
  Token.Bar_Equals,
  Token.Caret_Equals,
]);

/** Kinds of statements that are loops. */
export const LOOPS: ReadonlySet<number> = new Set([NodeKind.For, NodeKind.ForOf, NodeKind.While, NodeKind.Do]);

/** The expression inside any parentheses. */
export function stripParentheses(node: Node): Node {
  while (node.kind === api.NodeKind.Parenthesized) node = (node as ParenthesizedNode).expression;
  return node;
}

/** The nodes directly inside of one, in the order of the text as far as the tree has it. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const [key, value] of Object.entries(node)) {
    if (key === "range" || key === "decorators") continue;
    if (Array.isArray(value)) children.push(...(value as unknown[]).filter(isNode));
    else if (isNode(value)) children.push(value);
  }
  return children;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "kind" in value && "range" in value;
}

/** A node and all inside it; of nodes that `enters` refuses, themselves alone. */
export function* nodesIn(node: Node, enters: (inner: Node) => boolean = () => true): Generator<Node> {
  yield node;
  if (!enters(node)) return;
  for (const child of childrenOf(node)) yield* nodesIn(child, enters);
}
