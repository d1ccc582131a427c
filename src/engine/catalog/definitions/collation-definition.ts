/** A row of `_collation`: an order of strings, by the rules of ICU or of their bytes. */
import { boxError, type CollationId, collationId, type ErrorName, userId, type UserId } from '../../../base/index.ts';
import { payloadLength } from '../../../codec/msgpack/index.ts';
import type { TupleReader } from '../tuple-reader.ts';
import { checkIdentifier, NAME_BYTES_MAX } from './identifiers.ts';
import { decodeOptions, enumValue, type OptionRegistry, type Options } from './options.ts';

export type CollationSwitch = 'ON' | 'OFF';

/** What a null stands for follows from the locale. */
export type CollationDefinition = Readonly<{
  id: CollationId;
  name: string;
  ownerId: UserId;
  type: 'ICU' | 'BINARY';
  locale: string;
  strength: 'PRIMARY' | 'SECONDARY' | 'TERTIARY' | 'QUATERNARY' | 'IDENTICAL' | null;
  alternateHandling: 'NON_IGNORABLE' | 'SHIFTED' | null;
  caseFirst: 'OFF' | 'UPPER_FIRST' | 'LOWER_FIRST' | null;
  caseLevel: CollationSwitch | null;
  normalizationMode: CollationSwitch | null;
  numericCollation: CollationSwitch | null;
  frenchCollation: CollationSwitch | null;
}>;

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
const SWITCH = ['ON', 'OFF'] as const;
const ALTERNATE_HANDLING = ['NON_IGNORABLE', 'SHIFTED'] as const;
const CASE_FIRST = ['OFF', 'UPPER_FIRST', 'LOWER_FIRST'] as const;
const STRENGTH = ['PRIMARY', 'SECONDARY', 'TERTIARY', 'QUATERNARY', 'IDENTICAL'] as const;

export function readCollationRow(row: TupleReader): CollationDefinition {
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
  return {
    id: collationId(id),
    name,
    ownerId: userId(ownerId),
    type,
    locale,
    frenchCollation: readChoice(options, 'french_collation', SWITCH),
    alternateHandling: readChoice(options, 'alternate_handling', ALTERNATE_HANDLING),
    caseFirst: readChoice(options, 'case_first', CASE_FIRST),
    caseLevel: readChoice(options, 'case_level', SWITCH),
    normalizationMode: readChoice(options, 'normalization_mode', SWITCH),
    strength: readChoice(options, 'strength', STRENGTH),
    numericCollation: readChoice(options, 'numeric_collation', SWITCH),
  };
}

function readChoice<Name extends string>(options: Options, option: string, names: readonly Name[]): Name | null {
  const text = options.text(option);
  if (text === null) return null;
  const choice = enumValue(names, text);
  if (choice !== null) return choice;
  throw boxError('CANT_CREATE_COLLATION', `ICU wrong ${option} option setting, expected ${names.join(' | ')}`);
}
