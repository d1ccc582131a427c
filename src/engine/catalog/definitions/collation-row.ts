/** A row of `_collation`: an order of strings, by the rules of ICU or of their bytes. */
import { boxError, collationId, type ErrorName, userId, type UserId } from '../../../base/index.ts';
import { payloadLength } from '../../../codec/msgpack/index.ts';
import type { CollationDefinition } from '../../../tuple/index.ts';
import type { TupleReader } from '../tuple-reader.ts';
import { checkIdentifier, NAME_BYTES_MAX } from './identifiers.ts';
import { decodeOptions, enumValue, type OptionRegistry, type Options } from './options.ts';

/** The options hold what the row gives, checked and in capitals. */
export type CollationRow = CollationDefinition & Readonly<{ ownerId: UserId }>;

const FIELD = { id: 0, name: 1, owner: 2, type: 3, locale: 4, options: 5 } as const;
export const COLLATION_ID_FIELD = FIELD.id;
const LOCALE_BYTES_MAX = 30;

const OPTIONS: OptionRegistry = {
  french_collation: 'enum',
  alternate_handling: 'enum',
  case_first: 'enum',
  case_level: 'enum',
  normalization_mode: 'enum',
  strength: 'enum',
  numeric_collation: 'enum',
};
/** In the order in which they are checked. */
const CHOICES: readonly (readonly [string, readonly string[]])[] = [
  ['french_collation', ['ON', 'OFF']],
  ['alternate_handling', ['NON_IGNORABLE', 'SHIFTED']],
  ['case_first', ['OFF', 'UPPER_FIRST', 'LOWER_FIRST']],
  ['case_level', ['ON', 'OFF']],
  ['normalization_mode', ['ON', 'OFF']],
  ['strength', ['PRIMARY', 'SECONDARY', 'TERTIARY', 'QUATERNARY', 'IDENTICAL']],
  ['numeric_collation', ['ON', 'OFF']],
];

export function readCollationRow(row: TupleReader): CollationRow {
  const fail = (reason: string): Error => boxError('CANT_CREATE_COLLATION', reason);
  const id = row.unsigned(FIELD.id);
  const name = row.string(FIELD.name);
  if (row.stringLength(FIELD.name) > NAME_BYTES_MAX) throw fail('collation name is too long');
  checkIdentifier(name);
  const ownerId = row.unsigned(FIELD.owner);
  const type = enumValue(['ICU', 'BINARY'] as const, row.string(FIELD.type));
  if (type === null) throw fail('unknown collation type');
  const locale = row.string(FIELD.locale);
  if (payloadLength(row.bytes, row.fieldPosition(FIELD.locale)) > LOCALE_BYTES_MAX) {
    throw fail('collation locale is too long');
  }
  if (locale !== '') checkIdentifier(locale);
  const optionsPosition = row.mapPosition(FIELD.options);
  const error: ErrorName = 'WRONG_COLLATION_OPTIONS';
  const options = decodeOptions(row.bytes, optionsPosition, OPTIONS, error, FIELD.options);
  const choices = CHOICES.flatMap(([option, names]) => {
    const choice = readChoice(options, option, names);
    return choice === null ? [] : [[option, choice] as const];
  });
  return {
    id: collationId(id),
    name,
    ownerId: userId(ownerId),
    type,
    locale,
    options: Object.fromEntries(choices),
  };
}

function readChoice(options: Options, option: string, names: readonly string[]): string | null {
  const text = options.text(option);
  if (text === null) return null;
  const choice = enumValue(names, text);
  if (choice !== null) return choice;
  throw boxError('CANT_CREATE_COLLATION', `ICU wrong ${option} option setting, expected ${names.join(' | ')}`);
}
