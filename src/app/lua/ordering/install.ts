/** Puts `key_def` and `merger` into a Lua state; they need what `box` knows of tuples. */
import type { Catalog } from '../../../engine/catalog/index.ts';
import type { BoxFoundation } from '../box/foundation.ts';
import { createKeyDefLibrary } from './key-def-library.ts';
import { createMergerLibrary } from './merger-library.ts';

/** `catalog`: null before there is a database. */
export function installOrdering(foundation: BoxFoundation, catalog: () => Catalog | null): void {
  const { loaded } = foundation.machine.state;
  loaded.setString('key_def', createKeyDefLibrary(foundation, catalog));
  loaded.setString('merger', createMergerLibrary(foundation));
}
