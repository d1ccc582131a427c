import { beforeEach, describe, expect, it } from 'vitest';
import { boxError } from '../../base/index.ts';
import { RowIntake } from './row-intake.ts';

class FakeQueue {
  isClosing = false;
  #waiting: (() => void)[] = [];

  whenOpen(callback: () => void): void {
    if (!this.isClosing) callback();
    else this.#waiting.push(callback);
  }

  /** As the real one does it: as long as it stays open. */
  open(): void {
    this.isClosing = false;
    while (!this.isClosing && this.#waiting.length > 0) this.#waiting.shift()!();
  }
}

let queue: FakeQueue;
let seen: string[];
let session: { isLost: boolean; hold: () => void; close: (error: Error) => void };
let onApply: (text: string) => void;
let intake: RowIntake;

beforeEach(() => {
  queue = new FakeQueue();
  seen = [];
  onApply = () => undefined;
  session = {
    isLost: false,
    hold: () => seen.push('hold'),
    close: (error) => seen.push(`close: ${error.message}`),
  };
  const apply = (bytes: Uint8Array, start: number, end: number): void => {
    const text = Buffer.from(bytes.subarray(start, end)).toString();
    onApply(text);
    seen.push(text);
  };
  intake = new RowIntake(session, queue, apply, () => seen.push('go on'));
});

function take(text: string): void {
  const bytes = new Uint8Array(Buffer.from(`--${text}--`));
  intake.take(bytes, 2, bytes.length - 2, 1);
  bytes.fill(0);
}

describe('transactions of a session', () => {
  it('are applied at once while nothing is closing', () => {
    take('one');
    take('two');
    expect(seen).toEqual(['one', 'two']);
  });

  it('wait, as they were, until the queue opens', () => {
    queue.isClosing = true;
    take('one');
    expect(seen).toEqual(['hold']);
    queue.open();
    expect(seen).toEqual(['hold', 'one', 'go on']);
  });

  it('hold the session when one of them closes the queue, now or later', () => {
    onApply = () => {
      queue.isClosing = true;
    };
    take('closing');
    expect(seen).toEqual(['closing', 'hold']);
    take('next');
    queue.open();
    expect(seen).toEqual(['closing', 'hold', 'hold', 'go on', 'next', 'hold']);
    queue.open();
    expect(seen.at(-1)).toBe('go on');
  });

  it('end the session if they fail later, and nobody else', () => {
    queue.isClosing = true;
    take('bad');
    onApply = () => {
      throw boxError('NO_SUCH_SPACE', 'x');
    };
    let isReached = false;
    queue.whenOpen(() => (isReached = true));
    queue.open();
    expect(seen).toEqual(['hold', "close: Space 'x' does not exist"]);
    expect(isReached).toBe(true);
  });

  it('are thrown for if they fail now', () => {
    onApply = () => {
      throw boxError('NO_SUCH_SPACE', 'x');
    };
    expect(() => take('bad')).toThrow("Space 'x' does not exist");
  });

  it('are forgotten with a lost session', () => {
    queue.isClosing = true;
    take('late');
    session.isLost = true;
    queue.open();
    expect(seen).toEqual(['hold']);
  });
});
