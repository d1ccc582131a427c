import { beforeEach, describe, expect, it } from 'vitest';
import { boxError } from '../../base/index.ts';
import type { Journal } from './journal.ts';
import type { RedoLog } from './redo-log.ts';
import { type AwaitedBy, TransactionManager } from './transaction-manager.ts';

const NOP = 12;

/** Counts the batches that it is given, and settles them when it is told to. */
class CountingJournal implements Journal {
  onSettled: Journal['onSettled'] = () => undefined;
  lastReplicaId = 0;
  lastLsn = 0;
  rowsWaiting = 0;
  readonly batches: number[] = [];

  append(redo: RedoLog): void {
    this.rowsWaiting += redo.count;
  }

  submit(): void {
    this.batches.push(this.rowsWaiting);
    this.rowsWaiting = 0;
  }
}

describe('a transaction that not everybody waits for', () => {
  let journal: CountingJournal;
  let transactions: TransactionManager;
  let scheduled: number;

  beforeEach(() => {
    journal = new CountingJournal();
    scheduled = 0;
    transactions = new TransactionManager(journal, () => scheduled++);
  });

  function commit(who: AwaitedBy = 'everybody'): ReturnType<TransactionManager['commit']> {
    transactions.begin();
    transactions.awaitBy(who);
    transactions.redo.beginRow(NOP, 1);
    transactions.redo.endRow();
    return transactions.commit();
  }

  it('asks for no write, and is nothing to wait for', async () => {
    commit('nobody');
    expect(scheduled).toBe(0);
    expect(transactions.newestBatch).toBeNull();
    expect(transactions.isIdle).toBe(false);
    await transactions.whenDurable();
  });

  it('goes with the next one that somebody waits for, and settles with it', () => {
    const settled: unknown[] = [];
    commit('nobody')?.listeners.push({ settled: (error) => settled.push(error) });
    const batch = commit();
    expect(scheduled).toBe(1);
    expect(transactions.newestBatch).toBe(batch);
    transactions.flush();
    expect(journal.batches).toEqual([2]);
    journal.onSettled(null);
    expect(settled).toEqual([null]);
    expect(transactions.isIdle).toBe(true);
  });

  it('stays behind a batch that is written, until it is flushed', () => {
    commit();
    transactions.flush();
    commit('nobody');
    journal.onSettled(null);
    expect(journal.batches).toEqual([1]);
    transactions.flush();
    expect(journal.batches).toEqual([1, 1]);
  });

  it('is written soon if its listeners wait, and keeps nobody else waiting', () => {
    const batch = commit('listeners');
    expect(scheduled).toBe(1);
    expect(transactions.newestBatch).toBeNull();
    commit();
    expect(transactions.newestBatch).toBe(batch);
    transactions.flush();
    commit('listeners');
    journal.onSettled(null);
    expect(journal.batches).toEqual([2, 1]);
    expect(transactions.newestBatch).toBeNull();
  });

  it('fails with the batch before it', () => {
    const settled: unknown[] = [];
    commit();
    transactions.flush();
    commit('nobody')?.listeners.push({ settled: (error) => settled.push(error) });
    const error = boxError('WAL_IO');
    journal.onSettled(error);
    expect(settled).toEqual([error]);
    expect(transactions.isIdle).toBe(true);
  });
});
