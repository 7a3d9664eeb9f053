/** AssemblyScript's sources and syntax trees, as far as Skein reads them (see `asc.ts`). */

export interface Source {
  sourceKind: number;
  /** The file's number in the module's table of positions, -1 if it has none yet. */
  debugInfoIndex: number;
  readonly normalizedPath: string;
  readonly internalPath: string;
  readonly text: string;
  readonly isLibrary: boolean;
  readonly statements: readonly Node[];
  lineAt(position: number): number;
  columnAt(): number;
}

export interface Range {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
  readonly atEnd: Range;
}

export interface Node {
  readonly kind: number;
  readonly range: Range;
}

export interface IdentifierNode extends Node {
  readonly text: string;
}

export interface ParenthesizedNode extends Node {
  readonly expression: Node;
}

export interface PropertyAccessNode extends Node {
  readonly expression: Node;
  readonly property: IdentifierNode;
}

export interface CallNode extends Node {
  readonly expression: Node;
  readonly args: readonly Node[];
}

export interface NewNode extends Node {
  readonly typeName: { readonly identifier: IdentifierNode; readonly next: unknown };
  readonly args: readonly Node[];
}

export interface TemplateNode extends Node {
  readonly tag: Node | null;
  /** The text between the values: one more than those. */
  readonly parts: readonly string[];
  readonly expressions: readonly Node[];
}

/** A number that is written out: of a whole one its bits. */
export interface LiteralNode extends Node {
  readonly literalKind: number;
  readonly value: { readonly high: number };
}

/** A text that is written out. */
export interface StringNode extends Node {
  readonly literalKind: number;
  readonly value: string;
}

/** Elements between brackets; nodes of the kind `Omitted` where there is none. */
export interface ArrayLiteralNode extends Node {
  readonly literalKind: number;
  readonly elementExpressions: readonly Node[];
}

export interface ThrowNode extends Node {
  readonly value: Node;
}

export interface TryNode extends Node {
  readonly bodyStatements: readonly Node[];
  readonly catchVariable: IdentifierNode | null;
  readonly catchStatements: readonly Node[] | null;
  readonly finallyStatements: readonly Node[] | null;
}

export interface ReturnNode extends Node {
  readonly value: Node | null;
}

/** `break` or `continue`. */
export interface JumpNode extends Node {
  readonly label: IdentifierNode | null;
}

export interface TypeNode extends Node {
  hasGenericComponent(typeParameters: readonly Node[]): boolean;
}

export interface ParameterNode extends Node {
  readonly parameterKind: number;
  readonly name: IdentifierNode;
  readonly type: TypeNode;
  readonly initializer: Node | null;
}

export interface FunctionTypeNode extends TypeNode {
  readonly parameters: readonly ParameterNode[];
  readonly returnType: TypeNode;
}

export interface DeclarationNode extends Node {
  readonly name: IdentifierNode;
  readonly decorators: readonly { readonly name: IdentifierNode }[] | null;
  readonly flags: number;
}

export interface FunctionDeclarationNode extends DeclarationNode {
  readonly signature: FunctionTypeNode;
  readonly body: Node | null;
  readonly arrowKind: number;
}

export interface FunctionNode extends Node {
  readonly declaration: FunctionDeclarationNode;
}

export interface VariableNode extends DeclarationNode {
  readonly type: TypeNode | null;
  readonly initializer: Node | null;
}

export interface VariableStatementNode extends Node {
  readonly declarations: readonly VariableNode[];
}

export interface ForNode extends Node {
  readonly initializer: Node | null;
  readonly condition: Node | null;
  incrementor: Node | null;
  readonly body: Node;
}

export interface ForOfNode extends Node {
  readonly variable: Node;
  readonly iterable: Node;
  readonly body: Node;
}

export interface BinaryNode extends Node {
  readonly operator: number;
  readonly left: Node;
  readonly right: Node;
}

export interface UnaryNode extends Node {
  readonly operator: number;
  readonly operand: Node;
}

/** `f(x);` and the like. */
export interface ExpressionStatementNode extends Node {
  readonly expression: Node;
}

export interface BlockNode extends Node {
  readonly statements: readonly Node[];
}

export interface IfNode extends Node {
  readonly condition: Node;
  readonly ifTrue: Node;
  readonly ifFalse: Node | null;
}

export interface SwitchNode extends Node {
  readonly condition: Node;
  readonly cases: readonly SwitchCaseNode[];
}

export interface SwitchCaseNode extends Node {
  /** Null for `default`. */
  readonly label: Node | null;
  readonly statements: readonly Node[];
}

export interface WhileNode extends Node {
  readonly condition: Node;
  readonly body: Node;
}

export interface ElementAccessNode extends Node {
  readonly expression: Node;
  readonly elementExpression: Node;
}
