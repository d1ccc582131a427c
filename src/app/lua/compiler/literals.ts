/** Literals of Lua as text of JavaScript. */
import type { Expression } from './ast.ts';

/** Whether the text of the literal can stand for the value. */
export function isConstant(expression: Expression): boolean {
  return isPrimitive(expression) && !(expression.kind === 'string' && expression.value.length > 40);
}

/** A literal that has no metatable of its own and is equal only to itself, or to a 64-bit integer or null. */
export function isPrimitive({ kind }: Expression): boolean {
  return kind === 'nil' || kind === 'true' || kind === 'false' || kind === 'number' || kind === 'string';
}

export function literal(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return numberLiteral(expression.value);
    case 'string':
      return JSON.stringify(expression.value);
    case 'nil':
      return 'undefined';
    default:
      return expression.kind;
  }
}

export function numberLiteral(value: number): string {
  if (Object.is(value, -0)) return '(-0)';
  if (Number.isNaN(value)) return 'NaN';
  return value < 0 ? `(${value})` : String(value);
}

/** Whether the value is a number, whatever happens. */
export function isNumber(expression: Expression): boolean {
  return expression.kind === 'number' || (expression.kind === 'local' && expression.variable.isNumber);
}
