/** All areas of the comparison. */
import type { Area } from '../steps.ts';
import { ACCESS } from './access.ts';
import { CHECKS } from './checks.ts';
import { DDL_INDEXES } from './ddl-indexes.ts';
import { DDL_OTHERS } from './ddl-others.ts';
import { DDL_SPACES } from './ddl-spaces.ts';
import { DML } from './dml.ts';
import { FRAMING } from './framing.ts';
import { ITERATORS_AREA } from './iterators.ts';
import { PATHS } from './paths.ts';
import { SEQUENCES } from './sequences.ts';
import { SYSTEM_AREA } from './system.ts';
import { TYPES } from './types.ts';
import { UPDATE } from './update.ts';

export const AREAS: readonly Area[] = [
  FRAMING,
  DML,
  ITERATORS_AREA,
  TYPES,
  PATHS,
  UPDATE,
  SEQUENCES,
  DDL_SPACES,
  DDL_INDEXES,
  DDL_OTHERS,
  CHECKS,
  SYSTEM_AREA,
  ACCESS,
];
