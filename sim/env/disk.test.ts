import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileError, type Env, type OpenFile } from '../../src/env/index.ts';
import { SimulatedWorld } from './index.ts';

function contentOf(env: Env, path: string): Uint8Array | null {
  if (env.files.status(path) === null) return null;
  const file = env.files.open(path, 'read');
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0, bytes.length, 0);
  return bytes;
}

function append(file: OpenFile, value: number, length: number): void {
  file.write(new Uint8Array(length).fill(value), 0, length, file.sizeBytes());
}

function text(bytes: Uint8Array | null): string {
  return bytes === null ? 'none' : Buffer.from(bytes).toString();
}

function write(env: Env, path: string, content: string, isSynced: boolean): void {
  const file = env.files.open(path, 'update');
  file.truncate(0);
  file.write(Buffer.from(content), 0, content.length, 0);
  if (isSynced) file.sync();
  file.close();
}

/** Counts the outcomes of the same story over many seeds. */
function outcomes(count: number, story: (seed: number) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < count; seed++) {
    const outcome = story(seed);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return counts;
}

describe('the disk of a machine that loses power', () => {
  it('keeps what was synced, and of the rest at most what was written', () => {
    let tornCount = 0;
    let holeCount = 0;
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.boolean()), { maxLength: 12 }),
        (seed, writes) => {
          const host = new SimulatedWorld(seed).addHost('one');
          const env = host.createEnv();
          const file = env.files.open('/wal', 'create');
          env.files.syncDirectory('/');
          let syncedBytes = 0;
          writes.forEach(([length, isSynced], index) => {
            append(file, index + 1, length);
            if (isSynced) file.sync();
            if (isSynced) syncedBytes = file.sizeBytes();
          });
          const written = contentOf(env, '/wal');
          host.crash();
          const left = contentOf(host.createEnv(), '/wal');
          expect(left).not.toBeNull();
          if (left === null || written === null) return;
          expect(left.length).toBeGreaterThanOrEqual(syncedBytes);
          expect(left.length).toBeLessThanOrEqual(written.length);
          // Beyond what was synced there may be holes.
          const isPossible = left.every(
            (byte, position) => byte === written[position] || (position >= syncedBytes && byte === 0),
          );
          expect(isPossible).toBe(true);
          const isPrefix = left.every((byte, position) => byte === written[position]);
          if (isPrefix && left.length > syncedBytes && left.length < written.length) tornCount++;
          if (!isPrefix) holeCount++;
        },
      ),
      { numRuns: 400 },
    );
    expect(tornCount).toBeGreaterThan(10);
    expect(holeCount).toBeGreaterThan(10);
  });

  it('may lose names and renames that were not synced, each whole', () => {
    const counts = outcomes(300, (seed) => {
      const host = new SimulatedWorld(seed).addHost('one');
      const env = host.createEnv();
      write(env, '/a', 'old', true);
      env.files.syncDirectory('/');
      write(env, '/a.new', 'new', true);
      env.files.rename('/a.new', '/a');
      host.crash();
      const after = host.createEnv();
      return `${after.files.list('/').join()} ${text(contentOf(after, '/a'))}`;
    });
    expect(new Set(counts.keys())).toEqual(new Set(['a old', 'a new', 'a,a.new old']));
  });

  it('keeps a rename after the directory was synced', () => {
    const counts = outcomes(200, (seed) => {
      const host = new SimulatedWorld(seed).addHost('one');
      const env = host.createEnv();
      write(env, '/a', 'old', true);
      write(env, '/b', 'new', true);
      env.files.rename('/b', '/a');
      env.files.syncDirectory('/');
      host.crash();
      const after = host.createEnv();
      return `${after.files.list('/').join()} ${text(contentOf(after, '/a'))}`;
    });
    expect([...counts.keys()]).toEqual(['a new']);
  });

  it('shows a renamed file empty or torn if its content was not synced', () => {
    const counts = outcomes(300, (seed) => {
      const host = new SimulatedWorld(seed).addHost('one');
      const env = host.createEnv();
      write(env, '/a.new', 'content', false);
      env.files.rename('/a.new', '/a');
      env.files.syncDirectory('/');
      host.crash();
      return text(contentOf(host.createEnv(), '/a'));
    });
    expect(counts.get('')).toBeGreaterThan(20);
    expect(counts.get('content')).toBeGreaterThan(20);
    expect(counts.size).toBeGreaterThan(4);
  });

  it('may bring back what was removed, and lose directories with all that is in them', () => {
    const counts = outcomes(200, (seed) => {
      const host = new SimulatedWorld(seed).addHost('one');
      const env = host.createEnv();
      write(env, '/kept', 'k', true);
      env.files.syncDirectory('/');
      env.files.remove('/kept');
      env.files.makeDirectories('/d');
      write(env, '/d/in', 'i', true);
      env.files.syncDirectory('/d');
      host.crash();
      const after = host.createEnv();
      return `${after.files.list('/').join()} ${text(contentOf(after, '/d/in'))}`;
    });
    expect(new Set(counts.keys())).toEqual(new Set(['d i', 'd,kept i', 'kept none', ' none']));
  });

  it('is as it was after the process alone was killed', async () => {
    const world = new SimulatedWorld(1);
    const host = world.addHost('one');
    const env = host.createEnv();
    write(env, '/a', 'unsynced', false);
    const late = env.files.open('/a', 'update');
    host.kill();
    late.write(Buffer.from('ZOMBIE'), 0, 6, 0);
    await world.run(10);
    expect(text(contentOf(host.createEnv(), '/a'))).toBe('unsynced');
    // Power lost later still takes what no one synced.
    const counts = outcomes(100, (seed) => {
      const other = new SimulatedWorld(seed).addHost('one');
      write(other.createEnv(), '/a', 'unsynced', false);
      other.kill();
      other.crash();
      return text(contentOf(other.createEnv(), '/a'));
    });
    expect(counts.get('none')).toBeGreaterThan(10);
  });

  it('is not locked by an instance that is gone', () => {
    const host = new SimulatedWorld(1).addHost('one');
    expect(host.createEnv().files.lockDirectory('/')).not.toBeNull();
    host.crash();
    const env = host.createEnv();
    expect(env.files.lockDirectory('/')).not.toBeNull();
    expect(env.files.lockDirectory('/')).toBeNull();
  });
});

describe('the disk that fails', () => {
  function codeOf(run: () => void): string {
    try {
      run();
    } catch (error) {
      if (error instanceof FileError) return error.code;
      throw error;
    }
    return 'none';
  }

  it('is full at its capacity, with what still fitted', () => {
    const host = new SimulatedWorld(1).addHost('one', { capacityBytes: 1000 });
    const env = host.createEnv();
    const file = env.files.open('/a', 'create');
    append(file, 1, 900);
    expect(env.files.freeBytes('/')).toBe(100);
    expect(codeOf(() => append(file, 2, 300))).toBe('ENOSPC');
    expect(file.sizeBytes()).toBe(1000);
    file.write(new Uint8Array(500), 0, 500, 0);
    file.truncate(100);
    append(file, 3, 900);
    expect(env.files.freeBytes('/')).toBe(0);
    env.files.remove('/a');
    expect(env.files.freeBytes('/')).toBe(1000);
  });

  it('fails writes by rule, with any part written', () => {
    const sizes = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      const host = new SimulatedWorld(seed).addHost('one');
      const env = host.createEnv();
      const effect = { kind: 'error', code: 'EIO' } as const;
      host.faults.add({
        operations: ['write'],
        isPathMatching: (path) => path === '/a',
        probability: 1,
        times: 1,
        effect,
      });
      const file = env.files.open('/a', 'create');
      expect(codeOf(() => append(file, 1, 100))).toBe('EIO');
      sizes.add(file.sizeBytes());
      append(file, 2, 10);
    }
    expect(sizes.size).toBeGreaterThan(10);
  });

  it('never writes what a failed sync left behind, though later syncs succeed', () => {
    const counts = outcomes(200, (seed) => {
      const host = new SimulatedWorld(seed).addHost('one');
      const env = host.createEnv();
      const remove = host.faults.add({ operations: ['sync'], probability: 1, effect: { kind: 'error', code: 'EIO' } });
      const file = env.files.open('/a', 'create');
      env.files.syncDirectory('/');
      append(file, 0x61, 4);
      expect(codeOf(() => file.sync())).toBe('EIO');
      remove();
      append(file, 0x62, 4);
      file.sync();
      expect(text(contentOf(env, '/a'))).toBe('aaaabbbb');
      host.crash();
      return text(contentOf(host.createEnv(), '/a'));
    });
    expect(counts.get('\0\0\0\0bbbb')).toBeGreaterThan(20);
    expect([...counts.keys()].every((content) => content.endsWith('bbbb'))).toBe(true);
  });

  it('loses power in the midst of a write', async () => {
    const contents = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const world = new SimulatedWorld(seed);
      const host = world.addHost('one');
      const env = host.createEnv();
      host.faults.add({ operations: ['write'], probability: 1, times: 1, effect: { kind: 'crash' } });
      let isOver = false;
      env.timers.after(1, () => {
        const file = env.files.open('/a', 'create');
        env.files.syncDirectory('/');
        append(file, 0x61, 8);
        file.sync();
        env.timers.after(1, () => (isOver = true));
        throw new Error('of a machine that is off');
      });
      await world.run(100);
      expect(isOver).toBe(false);
      expect(host.isUp).toBe(false);
      contents.add(text(contentOf(host.createEnv(), '/a')));
    }
    expect(contents.size).toBeGreaterThan(4);
  });
});
