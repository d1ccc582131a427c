/** A change of a row of a system space, as handlers see it. */
import type { TransactionManager } from '../txn/index.ts';
import type { SchemaUser } from './ports.ts';
import type { SpaceBuild } from './space-build.ts';
import type { TupleReader } from './tuple-reader.ts';

export type SystemChangeContext = Readonly<{
  user: SchemaUser;
  transactions: TransactionManager;
  /** What `Catalog.prepareChange` built for this very row. */
  prepared?: SpaceBuild | null;
}>;

/** At least one of the rows is there; both for UPDATE and for REPLACE of what was there. */
export type SystemChange = Readonly<{
  oldRow: TupleReader | null;
  newRow: TupleReader | null;
  context: SystemChangeContext;
}>;

/**
 * Makes a change of the schema out of a change of a row. Throws if the row may not be so; nothing has changed then.
 * What it does it registers with the transaction, so that it can be undone.
 */
export type SystemChangeHandler = (change: SystemChange) => void;

/** The row that says which object the change is about. */
export function anyRow(change: SystemChange): TupleReader {
  const row = change.oldRow ?? change.newRow;
  if (row === null) throw new TypeError('a change has a row');
  return row;
}
