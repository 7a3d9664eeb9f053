/**
 * Loops and switches with labels, `break outer` and `continue outer`. AssemblyScript knows how to leave the innermost loop only, so the others are
 * left one after the other, as one would write it without labels:
 *
 * ```
 * outer: for (…) {            let ~break1 = false, ~continue1 = false;
 *   for (…) {                 for (…) {
 *     if (a) continue outer;    for (…) { if (a) { ~continue1 = true; break; } if (b) { ~break1 = true; break; } }
 *     if (b) break outer;       if (~continue1) { ~continue1 = false; continue; }
 *   }                           if (~break1) break;
 * }                           }
 * ```
 *
 * It is done while the text is parsed, where it is known what stands around a `break`. So whatever comes later (what is known of variables after the
 * loop, captures, safepoints, `try`) sees statements that it knows. A label ends at its function, as in Go.
 */
import api, { type IdentifierNode, type JumpNode, type Node, type Parser, type Range, type Tokenizer } from "./asc.js";
import type { Hooks } from "./hooks.js";

const { CommonFlags, DiagnosticCode, Token } = api;

const LABEL = /[\w$]+\s*:\s*(?:for|while|do|switch)\b/y;

/** A `break` or `continue` of a statement that is not the innermost. No program can use its name. */
interface Exit {
  readonly name: string;
  readonly isContinue: boolean;
  readonly target: Frame;
}

/** What a statement stands in. */
interface Frame {
  readonly kind: "loop" | "switch" | "function";
  readonly label: string | null;
  /** Exits that it is the target of, across others. */
  readonly exits: Exit[];
  /** Exits that leave it for one further out. */
  readonly passing: Set<Exit>;
}

export function installLabels(hooks: Hooks): void {
  const parser = api.Parser.prototype;
  const frames: Frame[] = [];
  let label: string | null = null;
  let count = 0;

  const inFrame = <T>(kind: Frame["kind"], parse: () => T, finish?: (parsed: T, frame: Frame) => T): T => {
    const frame: Frame = { kind, label, exits: [], passing: new Set() };
    label = null;
    frames.push(frame);
    let parsed: T;
    try {
      parsed = parse();
    } finally {
      frames.pop();
    }
    return finish ? finish(parsed, frame) : parsed;
  };
  const finish = (statement: Node | null, frame: Frame): Node | null => {
    const hasExits = frame.exits.length > 0 || frame.passing.size > 0;
    return statement && hasExits ? withExits(statement, frame, frames.at(-1)!) : statement;
  };

  hooks.replace(parser, "parseStatement", function (original, tokens, isTopLevel) {
    label = labelAt(tokens);
    return original(tokens, isTopLevel);
  });
  for (const name of [
    "parseForStatement",
    "parseWhileStatement",
    "parseDoStatement",
    "parseSwitchStatement",
  ] as const) {
    const kind = name === "parseSwitchStatement" ? "switch" : "loop";
    hooks.replace(parser, name, (original, tokens) => inFrame(kind, () => original(tokens), finish));
  }
  hooks.replace(parser, "parseFunctionExpression", (original, tokens) => inFrame("function", () => original(tokens)));
  hooks.replace(parser, "parseFunctionExpressionCommon", (original, ...args) =>
    inFrame("function", () => original(...args)),
  );
  for (const name of ["parseBreak", "parseContinue"] as const) {
    hooks.replace(parser, name, function (original, tokens) {
      const jump = original(tokens) as JumpNode | null;
      if (!jump?.label) return jump;
      const isContinue = name === "parseContinue";
      const target = targetOf(this, jump.label, frames, isContinue);
      if (!target) return jumpOf(isContinue, jump.range);
      const between = frames.slice(frames.indexOf(target) + 1);
      if (between.every(({ kind }) => isContinue && kind === "switch")) return jumpOf(isContinue, jump.range);
      let exit = target.exits.find((other) => other.isContinue === isContinue);
      if (!exit) {
        exit = { name: `~${isContinue ? "continue" : "break"}${String(++count)}`, isContinue, target };
        target.exits.push(exit);
      }
      frames.at(-1)!.passing.add(exit);
      return block([set(exit, true, jump.range), jumpOf(false, jump.range)], jump.range);
    });
  }
}

/** Passes over a label, and says what it is; null where none stands. */
function labelAt(tokens: Tokenizer): string | null {
  if (tokens.peek() !== Token.Identifier) return null;
  LABEL.lastIndex = tokens.nextTokenPos;
  if (!LABEL.test(tokens.source.text)) return null;
  tokens.next();
  const label = tokens.readIdentifier();
  tokens.skip(Token.Colon);
  return label;
}

/** The statement of a label, of the same function; null if there is none, which is reported. */
function targetOf(parser: Parser, label: IdentifierNode, frames: readonly Frame[], isContinue: boolean): Frame | null {
  const around = frames.slice(frames.findLastIndex(({ kind }) => kind === "function") + 1);
  const target = around.findLast((frame) => frame.label === label.text);
  if (target && !(isContinue && target.kind === "switch")) return target;
  const name = label.text;
  const say = target
    ? `'${name}' is a switch, which has no next turn: continue takes the label of a loop`
    : `no loop or switch around this has the label '${name}'; labels end at their function`;
  parser.error(DiagnosticCode.User_defined_0, label.range, say);
  return null;
}

/** A statement with the variables of the exits to it before it, and behind it where those that passed through it go on, in the one around it. */
function withExits(statement: Node, { exits, passing }: Frame, around: Frame): Node {
  const { range } = statement;
  const before = exits.map(({ name }) => {
    const no = api.Node.createFalseExpression(range);
    const variable = api.Node.createVariableDeclaration(id(name, range), null, CommonFlags.Let, null, no, range);
    return api.Node.createVariableStatement(null, [variable], range);
  });
  const after = [...passing].map((exit) => {
    const isThere = exit.target === around;
    if (!isThere) around.passing.add(exit);
    const isContinue = isThere && exit.isContinue;
    const jump = jumpOf(isContinue, range);
    const then = isContinue ? block([set(exit, false, range), jump], range) : jump;
    return api.Node.createIfStatement(id(exit.name, range), then, null, range);
  });
  return block([...before, statement, ...after], range);
}

function jumpOf(isContinue: boolean, range: Range): JumpNode {
  return isContinue ? api.Node.createContinueStatement(null, range) : api.Node.createBreakStatement(null, range);
}

function set({ name }: Exit, to: boolean, range: Range): Node {
  const value = to ? api.Node.createTrueExpression(range) : api.Node.createFalseExpression(range);
  return api.Node.createExpressionStatement(
    api.Node.createBinaryExpression(Token.Equals, id(name, range), value, range),
  );
}

function block(statements: readonly Node[], range: Range): Node {
  return api.Node.createBlockStatement(statements, range);
}

function id(name: string, range: Range): IdentifierNode {
  return api.Node.createIdentifierExpression(name, range);
}
