/**
 * Names of values as messages show them: those that LuaJIT finds in its code for the operand, which is not always what the
 * value came from.
 */
import type { CallSite } from '../runtime/stack.ts';
import type { Expression, FunctionScope } from './ast.ts';
import { isPrimitive } from './literals.ts';

type Binary = Extract<Expression, { kind: 'binary' }>;

export type Named = Pick<CallSite, 'name' | 'kind'>;

const NAMELESS: Named = { name: '?', kind: '?' };

/** The name of an expression's value inside of the function. */
export function describeExpression(expression: Expression, scope: FunctionScope): Named {
  switch (expression.kind) {
    case 'local': {
      const { name, owner } = expression.variable;
      return { name, kind: owner === scope ? 'local' : 'upvalue' };
    }
    case 'global':
      return { name: expression.name, kind: 'global' };
    case 'index': {
      const key = unwrapped(expression.key);
      return key.kind === 'string' ? { name: key.value, kind: 'field' } : NAMELESS;
    }
    case 'binary':
      // Whichever side the value comes from, LuaJIT names what was computed last, but not behind a condition.
      return (expression.operator === 'and' || expression.operator === 'or') && !isCondition(expression.left)
        ? describeExpression(expression.right, scope)
        : NAMELESS;
    case 'single':
      return describeExpression(expression.inner, scope);
    default:
      return NAMELESS;
  }
}

/** `local 'x'`, or nothing for a value that has no name. */
export function namingOf({ kind, name }: Named): string {
  return kind === '?' ? '' : `${kind} '${name}'`;
}

export function isComparison({ operator }: Binary): boolean {
  return ['==', '~=', '<', '<=', '>', '>='].includes(operator);
}

/** Without parentheses, and without a left side of `and` that is known to be true. */
function unwrapped(expression: Expression): Expression {
  if (expression.kind === 'single') return unwrapped(expression.inner);
  if (expression.kind === 'binary' && expression.operator === 'and' && isTrueConstant(expression.left)) {
    return unwrapped(expression.right);
  }
  return expression;
}

function isTrueConstant(expression: Expression): boolean {
  const { kind } = expression;
  return kind === 'true' || kind === 'string' || isNumberConstant(expression);
}

function isNumberConstant(expression: Expression): boolean {
  switch (expression.kind) {
    case 'number':
      return true;
    case 'single':
      return isNumberConstant(expression.inner);
    case 'unary':
      return expression.operator === '-' && isNumberConstant(expression.operand);
    case 'binary':
      return (
        '+-*/%^'.includes(expression.operator) &&
        isNumberConstant(expression.left) &&
        isNumberConstant(expression.right)
      );
    default:
      return false;
  }
}

/** A comparison, or `not` of what is no literal. */
function isCondition(expression: Expression): boolean {
  if (expression.kind === 'single') return isCondition(expression.inner);
  if (expression.kind === 'unary')
    return expression.operator === 'not' && !isPrimitive(expression.operand) && expression.operand.kind !== 'integer64';
  return expression.kind === 'binary' && isComparison(expression);
}
