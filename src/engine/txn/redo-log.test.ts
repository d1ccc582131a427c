import { describe, expect, it } from 'vitest';
import { RedoLog } from './redo-log.ts';

const INSERT = 2;

function row(redo: RedoLog): void {
  redo.beginRow(INSERT, 0);
  redo.endRow();
}

const numbersOf = (redo: RedoLog): string[] =>
  Array.from({ length: redo.count }, (_, index) => `${redo.replicaIds[index]}:${redo.lsns[index]}`);

describe('numbers of rows that came from elsewhere', () => {
  it('are taken by the statement, and neither by what its triggers do nor by what follows', () => {
    const redo = new RedoLog();
    redo.reset();
    redo.takeNumber(2, 17);
    expect(redo.isNumberFree).toBe(true);
    redo.isInTrigger = true;
    row(redo);
    redo.isInTrigger = false;
    expect(redo.isOwnStatement).toBe(false);
    row(redo);
    expect(redo.isNumberFree).toBe(false);
    expect(redo.isOwnStatement).toBe(true);
    row(redo);
    expect(numbersOf(redo)).toEqual(['0:0', '2:17', '0:0']);
  });

  it('leave rows that were there before without', () => {
    const redo = new RedoLog();
    redo.reset();
    row(redo);
    redo.takeNumber(3, 5);
    row(redo);
    redo.takeNumber(3, 6);
    row(redo);
    expect(numbersOf(redo)).toEqual(['0:0', '3:5', '3:6']);
  });

  it('may be given again after the statement has failed', () => {
    const redo = new RedoLog();
    redo.reset();
    redo.takeNumber(2, 17);
    row(redo);
    redo.truncate(0);
    redo.takeNumber(2, 17);
    row(redo);
    expect(numbersOf(redo)).toEqual(['2:17']);
  });

  it('do not outlive their transaction, nor do its flags', () => {
    const redo = new RedoLog();
    redo.reset();
    redo.takeNumber(2, 17);
    redo.flags = 2;
    redo.reset();
    row(redo);
    expect([redo.hasNumbers, redo.isOwnStatement, redo.flags]).toEqual([false, true, 0]);
  });
});
