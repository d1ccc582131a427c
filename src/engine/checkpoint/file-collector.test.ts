/** Which files stay: what snapshots, pins and replicas need, and nothing else. */
import { describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../../test/support/memory-files.ts';
import {
  encodeFileHeader,
  END_MARKER,
  type LogFileKind,
  type Vclock,
  vclockSignature,
} from '../../codec/xlog/index.ts';
import { Logger } from '../../env/index.ts';
import { FileCollector } from './file-collector.ts';

const DIRECTORY = '/data';
const UUID = '11111111-2222-4333-8444-555555555555';

function pathOf(kind: LogFileKind, vclock: Vclock): string {
  const extension = kind === 'XLOG' ? 'xlog' : 'snap';
  return `${DIRECTORY}/${String(vclockSignature(vclock)).padStart(20, '0')}.${extension}`;
}

/** Logs of replica 1 and snapshots that begin at these states. */
class Fixture {
  readonly files = new MemoryFiles();
  readonly collector: FileCollector;
  readonly warnings: string[] = [];

  constructor(logs: readonly Vclock[], snapshots: readonly Vclock[], checkpointCount = 1) {
    this.#put('XLOG', logs);
    this.#put('SNAP', snapshots);
    const sink = {
      level: 'warn',
      write: (_level: string, _module: string, text: string) => void this.warnings.push(text),
    } as const;
    this.collector = new FileCollector(this.files, new Logger(sink, 'gc'), { directory: DIRECTORY, checkpointCount });
  }

  #put(kind: LogFileKind, vclocks: readonly Vclock[]): void {
    vclocks.forEach((vclock, at) => {
      const previousVclock = kind === 'XLOG' && at > 0 ? vclocks[at - 1]! : null;
      const header = encodeFileHeader({ kind, softwareVersion: '1', instanceUuid: UUID, vclock, previousVclock });
      this.files.put(pathOf(kind, vclock), new Uint8Array(Buffer.concat([header, END_MARKER])));
    });
  }

  /** Signatures of what is left. */
  collected(kind: LogFileKind = 'XLOG'): number[] {
    this.collector.collect();
    return this.left(kind);
  }

  left(kind: LogFileKind = 'XLOG'): number[] {
    const extension = kind === 'XLOG' ? '.xlog' : '.snap';
    const paths = this.files.paths().filter((path) => path.endsWith(extension));
    return paths.map((path) => Number(path.slice(DIRECTORY.length + 1, -extension.length))).sort((a, b) => a - b);
  }
}

/** Files begin behind the rows 0, 10, 20, 30, 40; the newest snapshot has 40. */
const LOGS: readonly Vclock[] = [0, 10, 20, 30, 40].map((lsn) => [0, lsn]);

describe('a state that nothing older leads to', () => {
  it('makes all older files go, and none of its own', () => {
    const fixture = new Fixture(
      LOGS,
      [
        [0, 10],
        [0, 30],
      ],
      5,
    );
    fixture.collector.removeBefore([0, 30]);
    expect([fixture.left('XLOG'), fixture.left('SNAP')]).toEqual([[30, 40], [30]]);
  });

  it('leaves what cannot be removed, and says so', () => {
    const fixture = new Fixture(LOGS, [[0, 40]]);
    fixture.files.failing.add('remove');
    fixture.collector.removeBefore([0, 40]);
    expect(fixture.left()).toEqual([0, 10, 20, 30, 40]);
    expect(fixture.warnings.join()).toContain('could not be removed');
  });
});

describe('the log', () => {
  it('goes but for what follows the oldest snapshot that stays', () => {
    expect(
      new Fixture(
        LOGS,
        [
          [0, 10],
          [0, 40],
        ],
        1,
      ).collected(),
    ).toEqual([40]);
    expect(
      new Fixture(
        LOGS,
        [
          [0, 10],
          [0, 25],
          [0, 40],
        ],
        2,
      ).collected(),
    ).toEqual([20, 30, 40]);
    const fixture = new Fixture(
      LOGS,
      [
        [0, 10],
        [0, 25],
        [0, 40],
      ],
      2,
    );
    expect(fixture.collected('SNAP')).toEqual([25, 40]);
  });

  it.each<[Vclock, readonly number[]]>([
    [[0, 40], [40]],
    [
      [0, 39],
      [30, 40],
    ],
    [
      [0, 30],
      [30, 40],
    ],
    [
      [0, 5],
      [0, 10, 20, 30, 40],
    ],
    [[], [0, 10, 20, 30, 40]],
    // One that is ahead needs nothing.
    [[0, 99], [40]],
    // It may lack another's rows, which are in no file that it would begin with.
    [
      [0, 35, 7],
      [30, 40],
    ],
  ])('stays for a replica at %j: %j', (state, left) => {
    const fixture = new Fixture(LOGS, [[0, 40]]);
    fixture.collector.consumers = () => [state];
    expect(fixture.collected()).toEqual(left);
  });

  it('stays for the one of several that is furthest behind', () => {
    const fixture = new Fixture(LOGS, [[0, 40]]);
    fixture.collector.consumers = () => [
      [0, 40],
      [0, 12],
      [0, 33],
    ];
    expect(fixture.collected()).toEqual([10, 20, 30, 40]);
  });

  it('stays for a replica that lacks rows of anyone', () => {
    const logs: readonly Vclock[] = [[], [0, 10], [0, 10, 5], [0, 20, 5]];
    const fixture = new Fixture(logs, [[0, 20, 5]]);
    fixture.collector.consumers = () => [[0, 20, 4]];
    expect(fixture.collected()).toEqual([10, 15, 25]);
  });

  it('is not kept for local rows, which no replica gets', () => {
    const logs: readonly Vclock[] = [[], [7, 10], [30, 20]];
    const fixture = new Fixture(logs, [[30, 20]]);
    fixture.collector.consumers = () => [[0, 20]];
    expect(fixture.collected()).toEqual([50]);
  });

  it('stays whole while it is not known who needs it', () => {
    const fixture = new Fixture(LOGS, [[0, 40]]);
    fixture.collector.keepsLogs = true;
    expect(fixture.collected()).toEqual([0, 10, 20, 30, 40]);
    fixture.collector.keepsLogs = false;
    expect(fixture.collected()).toEqual([40]);
  });

  it('stays for a pin, and goes without it', () => {
    const fixture = new Fixture(LOGS, [
      [0, 10],
      [0, 40],
    ]);
    expect(fixture.collector.pin(10)[0]).toBe(pathOf('SNAP', [0, 10]));
    expect(fixture.collected()).toEqual([10, 20, 30, 40]);
    fixture.collector.unpin(10);
    expect([fixture.collected(), fixture.left('SNAP')]).toEqual([[40], [40]]);
  });

  it('stays, with a warning, when it cannot be removed; the next time it goes', () => {
    const fixture = new Fixture(LOGS, [[0, 40]]);
    fixture.files.failing.add('remove');
    expect(fixture.collected()).toEqual([0, 10, 20, 30, 40]);
    expect(fixture.warnings.length).toBeGreaterThan(0);
    fixture.files.failing.clear();
    expect(fixture.collected()).toEqual([40]);
  });
});

describe('the oldest state that the log goes on from', () => {
  it('is that of its first file, or of the snapshot before any', () => {
    expect(new Fixture(LOGS, [[0, 40]]).collector.oldestLogVclock()).toEqual([]);
    expect(
      new Fixture(
        [
          [0, 10],
          [0, 20],
        ],
        [[0, 10]],
      ).collector.oldestLogVclock(),
    ).toEqual([0, 10]);
    expect(new Fixture([], [[0, 10, 3]]).collector.oldestLogVclock()).toEqual([0, 10, 3]);
  });
});
