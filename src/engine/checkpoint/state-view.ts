/**
 * A view of the whole state at a boundary of the log, where what is in memory is the log and one batch: the view is
 * opened and that batch sent. When it is durable, the view shows what the log holds up to a vclock; if it fails, the view
 * shows rows that do not exist, and fails with it. So it does if a transaction that it shows is given up at the gate.
 */
import { type BoxError, boxError } from '../../base/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';
import type { Space, SpaceMemory } from '../memtx/index.ts';
import type { TransactionManager } from '../txn/index.ts';
import type { LogClient } from '../wal/index.ts';
import { type ControlRow, type ExtraRows, type RowForm, SnapshotSource } from './snapshot-source.ts';

/** What a state is made of. */
export type CheckpointSource = Readonly<{
  memories: readonly SpaceMemory[];
  spaces: () => Iterable<Space>;
  sequenceRows: () => ExtraRows;
  controlRows: () => readonly ControlRow[];
}>;

/**
 * `source` gives the rows of the state, `vclock` is what it holds. Whoever has it closes the source. `whenFinal` resolves
 * when nothing of it can be undone any more; it rejects with what something was undone by, or READ_VIEW_ABORTED when the
 * view is taken away before.
 */
export type StateView = Readonly<{ source: SnapshotSource; vclock: Vclock; whenFinal: Promise<void> }>;

/** Resolves when all that the view shows is durable; `onDurable` is called before anything else can be written. */
export function openStateView(
  { memories, spaces, sequenceRows, controlRows }: CheckpointSource,
  transactions: TransactionManager,
  logClient: LogClient,
  form: RowForm,
  nowMs: number,
  onDurable: (vclock: Vclock) => void,
): Promise<StateView> {
  return new Promise((resolve, reject) => {
    transactions.atBoundary(() => {
      const source = new SnapshotSource(memories, spaces(), sequenceRows(), form, nowMs);
      const vclock = [...logClient.vclock];
      const whenFinal = Promise.race([transactions.whenFinal(), whenLost(source)]);
      whenFinal.catch(() => undefined);
      const settled = (error: BoxError | null): void => {
        if (error !== null) {
          source.close();
          reject(error);
          return;
        }
        source.controlRows = controlRows();
        onDurable(vclock);
        resolve({ source, vclock, whenFinal });
      };
      const batch = transactions.currentBatch;
      if (batch.transactionCount === 0) {
        settled(null);
      } else {
        batch.listeners.push({ settled });
        transactions.flush();
      }
    });
  });
}

function whenLost(source: SnapshotSource): Promise<never> {
  return new Promise((_, reject) => {
    source.onLoss = () => reject(boxError('READ_VIEW_ABORTED'));
  });
}
