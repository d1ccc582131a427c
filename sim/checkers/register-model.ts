/** A register that holds a text or nothing, with compare-and-swap, and to which may be appended. */
import { unreachable } from '../../src/base/index.ts';
import type { Operation, SequentialModel } from './linearizability.ts';

/** null: nothing. */
export type RegisterState = string | null;

export type RegisterInput =
  | Readonly<{ kind: 'read' }>
  | Readonly<{ kind: 'write'; value: RegisterState }>
  | Readonly<{ kind: 'compare-and-swap'; expected: RegisterState; value: RegisterState }>
  | Readonly<{ kind: 'append'; item: string }>;

export type RegisterOutput =
  | Readonly<{ kind: 'value'; value: RegisterState }>
  | Readonly<{ kind: 'done' }>
  /** It had another value than the expected one. */
  | Readonly<{ kind: 'conflict' }>;

export type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

/** Items stand behind each other, each with this after it. */
export const ITEM_END = ';';
const SHOWN_CHARACTERS = 40;

export const REGISTER_MODEL: SequentialModel<RegisterState, RegisterInput, RegisterOutput> = {
  initial: null,
  step: (state, input, output) => {
    switch (input.kind) {
      case 'read':
        if (output === undefined) return state;
        return output.kind === 'value' && output.value === state ? state : undefined;
      case 'write':
        return output === undefined || output.kind === 'done' ? input.value : undefined;
      case 'append':
        return output === undefined || output.kind === 'done' ? appended(state, input.item) : undefined;
      case 'compare-and-swap': {
        const isEqual = state === input.expected;
        if (output === undefined) return isEqual ? input.value : state;
        return output.kind === (isEqual ? 'done' : 'conflict') ? (isEqual ? input.value : state) : undefined;
      }
      default:
        return unreachable(input);
    }
  },
  stateText: valueText,
  operationText: (input, output) => `${inputText(input)} -> ${outputText(output)}`,
};

/** What an append makes of a register. */
export function appended(state: RegisterState, item: string): string {
  return `${state ?? ''}${item}${ITEM_END}`;
}

function valueText(value: RegisterState): string {
  return value === null ? 'nothing' : JSON.stringify(value);
}

/** Of a long one the end, where what was appended stands. */
function shown(value: RegisterState): string {
  const text = valueText(value);
  return text.length <= SHOWN_CHARACTERS ? text : `...${text.slice(-SHOWN_CHARACTERS)}`;
}

function inputText(input: RegisterInput): string {
  switch (input.kind) {
    case 'read':
      return 'read';
    case 'write':
      return `write ${shown(input.value)}`;
    case 'append':
      return `append ${input.item}`;
    case 'compare-and-swap':
      return `compare-and-swap ${shown(input.expected)} by ${shown(input.value)}`;
    default:
      return unreachable(input);
  }
}

function outputText(output: RegisterOutput | undefined): string {
  if (output === undefined) return 'unknown';
  return output.kind === 'value' ? shown(output.value) : output.kind;
}
