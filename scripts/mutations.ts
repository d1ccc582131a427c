/** The mutations of a source: one place each, and what stands there instead. What only asserts own invariants stays. */
import ts from 'typescript';

export type Mutation = Readonly<{ start: number; end: number; line: number; name: string; replacement: string }>;

const OPERATORS: ReadonlyMap<ts.SyntaxKind, readonly string[]> = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, ['!==']],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, ['===']],
  [ts.SyntaxKind.LessThanToken, ['<=', '>=']],
  [ts.SyntaxKind.LessThanEqualsToken, ['<', '>']],
  [ts.SyntaxKind.GreaterThanToken, ['>=', '<=']],
  [ts.SyntaxKind.GreaterThanEqualsToken, ['>', '<']],
  [ts.SyntaxKind.PlusToken, ['-']],
  [ts.SyntaxKind.MinusToken, ['+']],
  [ts.SyntaxKind.AsteriskToken, ['/']],
  [ts.SyntaxKind.SlashToken, ['*']],
  [ts.SyntaxKind.PlusEqualsToken, ['-=', '=']],
  [ts.SyntaxKind.MinusEqualsToken, ['+=', '=']],
]);
const LOGICAL: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);
const METHODS: Readonly<Record<string, string>> = { min: 'max', max: 'min', some: 'every', every: 'some' };
const OWN_CHECKS = ['assert', 'unreachable', 'defined'];

export function mutationsOf(file: string, text: string): readonly Mutation[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const mutations: Mutation[] = [];
  const add = (node: ts.Node, replacement: string): void => {
    const start = node.getStart(source);
    const end = node.getEnd();
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    const before = text.slice(start, end).replace(/\s+/g, ' ');
    mutations.push({
      start,
      end,
      line,
      name: `${before} => ${replacement === '' ? '(nothing)' : replacement}`,
      replacement,
    });
  };
  const visit = (node: ts.Node): void => {
    if (isOwnCheck(node) || ts.isTypeNode(node) || ts.isImportDeclaration(node)) return;
    for (const [place, replacement] of replacementsOf(node, source)) add(place, replacement);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutations;
}

function isOwnCheck(node: ts.Node): boolean {
  return ts.isCallExpression(node) && ts.isIdentifier(node.expression) && OWN_CHECKS.includes(node.expression.text);
}

function replacementsOf(node: ts.Node, source: ts.SourceFile): readonly (readonly [ts.Node, string])[] {
  if (ts.isBinaryExpression(node)) return binaryReplacements(node, source);
  if (ts.isIfStatement(node)) return bothWays(node.expression);
  if (ts.isConditionalExpression(node)) return bothWays(node.condition);
  if (ts.isWhileStatement(node)) return [[node.expression, 'false']];
  if (ts.isNumericLiteral(node)) return [[node, String(Number(node.text) + 1)]];
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [[node, 'false']];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [[node, 'true']];
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    return [[node, node.operand.getText(source)]];
  }
  if (ts.isPostfixUnaryExpression(node) && node.operator === ts.SyntaxKind.PlusPlusToken && !isLoopStep(node)) {
    return [[node, `${node.operand.getText(source)}--`]];
  }
  if (ts.isPropertyAccessExpression(node) && METHODS[node.name.text] !== undefined) {
    return [[node.name, METHODS[node.name.text]!]];
  }
  if (ts.isExpressionStatement(node)) return isOwnCheck(node.expression) ? [] : [[node, ';']];
  return [];
}

function binaryReplacements(node: ts.BinaryExpression, source: ts.SourceFile): readonly (readonly [ts.Node, string])[] {
  const { operatorToken, left, right } = node;
  if (LOGICAL.has(operatorToken.kind)) {
    return [
      [node, `(${left.getText(source)})`],
      [node, `(${right.getText(source)})`],
    ];
  }
  return (OPERATORS.get(operatorToken.kind) ?? []).map((operator) => [operatorToken, operator] as const);
}

function bothWays(condition: ts.Expression): readonly (readonly [ts.Node, string])[] {
  return [
    [condition, 'true'],
    [condition, 'false'],
  ];
}

/** A loop that goes backwards does not end. */
function isLoopStep(node: ts.Node): boolean {
  return ts.isForStatement(node.parent) && node.parent.incrementor === node;
}
