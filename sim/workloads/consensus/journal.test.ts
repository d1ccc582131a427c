import { describe, expect, it } from 'vitest';
import { GroupJournal } from './journal.ts';

const entry = (term: number, index: number, text = 'x') => ({ term, index, text });

describe('the journal of a group', () => {
  it('accepts what keeps to the rules', () => {
    const journal = new GroupJournal();
    journal.leads('a', 1, () => null);
    journal.leads('a', 1, () => null);
    journal.hasEntry('a', entry(1, 1), 0);
    journal.hasEntry('b', entry(1, 1), null);
    journal.hasCommitted('a', entry(1, 1));
    journal.hasCommitted('b', entry(1, 1));
    journal.hasEntry('a', entry(1, 2, 'y'), 1);
    journal.hasEntry('b', entry(2, 2, 'z'), 1);
    journal.leads('b', 2, () => 1);
    journal.hasCommitted('b', entry(2, 2, 'z'));
    journal.hasState('a', 1, 's');
    journal.hasState('b', 1, 's');
    journal.wasAcknowledged({ term: 2, index: 2 });
    journal.wasAcknowledged({ term: 2, index: 3 });
    expect(journal.elections).toBe(2);
    expect(journal.lastCommitted).toEqual({ term: 2, index: 2 });
    expect(journal.unseenAcknowledged()).toEqual([3]);
  });

  it.each<[string, (journal: GroupJournal) => void, (journal: GroupJournal) => void, RegExp]>([
    ['two leaders', (j) => j.leads('a', 3, () => null), (j) => j.leads('b', 3, () => null), /leads, and a too/],
    [
      'two entries in one place',
      (j) => j.hasEntry('a', entry(1, 1, 'x'), 0),
      (j) => j.hasEntry('b', entry(1, 1, 'y'), 0),
      /is y for b, and x for a/,
    ],
    [
      'different logs before one entry',
      (j) => j.hasEntry('a', entry(3, 5), 1),
      (j) => j.hasEntry('b', entry(3, 5), 2),
      /of term 2 for b, and of 1 for a/,
    ],
    [
      'another committed entry',
      (j) => j.hasCommitted('a', entry(1, 4)),
      (j) => j.hasCommitted('a', entry(2, 4)),
      /is committed as x of term 2/,
    ],
    [
      'a leader with another entry than the committed one',
      (j) => j.hasCommitted('a', entry(2, 4)),
      (j) => j.leads('b', 3, () => 1),
      /with an entry 4 of term 1/,
    ],
    [
      'a leader that lacks a committed one',
      (j) => j.hasCommitted('a', entry(2, 4)),
      (j) => j.leadsBehind('b', 3, 3),
      /with 3 entries, and 4 are committed/,
    ],
    ['another state', (j) => j.hasState('a', 4, 's'), (j) => j.hasState('b', 4, 't'), /another state/],
    [
      'an acknowledged entry that is replaced',
      (j) => j.wasAcknowledged({ term: 1, index: 4 }),
      (j) => j.hasCommitted('b', entry(2, 4)),
      /acknowledged in term 1/,
    ],
    [
      'an acknowledgement of what was replaced',
      (j) => j.hasCommitted('b', entry(2, 4)),
      (j) => j.wasAcknowledged({ term: 1, index: 4 }),
      /acknowledged in term 1/,
    ],
  ])('refuses %s', (_, before, after, message) => {
    const journal = new GroupJournal();
    before(journal);
    expect(() => after(journal)).toThrow(message);
  });

  it.each<[string, (journal: GroupJournal) => void, readonly number[]]>([
    ['nothing is seen of it', () => undefined, [4]],
    ['it is in a log', (j) => j.hasEntry('a', entry(1, 4), null), [4]],
    ['it was committed', (j) => j.hasCommitted('a', entry(1, 4)), []],
    [
      'the next one of its term was committed',
      (j) => {
        j.hasEntry('a', entry(1, 4), null);
        j.hasCommitted('a', entry(1, 5));
      },
      [],
    ],
    [
      'the next one of another term was committed behind it',
      (j) => {
        j.hasEntry('a', entry(1, 4), null);
        j.hasEntry('a', entry(2, 5), 1);
        j.hasCommitted('a', entry(2, 5));
      },
      [],
    ],
    [
      'the next one of another term was committed, behind something else for all one knows',
      (j) => {
        j.hasEntry('a', entry(1, 4), null);
        j.hasEntry('a', entry(2, 5), null);
        j.hasCommitted('a', entry(2, 5));
      },
      [4],
    ],
  ])('knows whether an acknowledged entry was committed when %s', (_, see, unseen) => {
    const journal = new GroupJournal();
    journal.wasAcknowledged({ term: 1, index: 4 });
    see(journal);
    expect(journal.unseenAcknowledged()).toEqual(unseen);
  });
});
