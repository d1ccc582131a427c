/**
 * Changes of system spaces. `replies.txt` has what a real Tarantool 2.6.0 answered to each step: by how much the schema
 * version grew, then `ok` or the error's code and text; a case is its name and its answers, one a line.
 */
import { ALTERATION_CASES } from './alterations.ts';
import { INDEX_CASES } from './indexes.ts';
import { OTHER_CASES } from './others.ts';
import { SPACE_CASES } from './spaces.ts';
import type { DdlCase } from './steps.ts';
import { STORY_CASES } from './stories.ts';

export type { DdlCase, DdlStep } from './steps.ts';

export const DDL_CASES: readonly DdlCase[] = [
  ...SPACE_CASES,
  ...INDEX_CASES,
  ...ALTERATION_CASES,
  ...OTHER_CASES,
  ...STORY_CASES,
];
