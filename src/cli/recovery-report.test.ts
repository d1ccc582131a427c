import { expect, it } from 'vitest';
import { type LogLevel, Logger, type LogSink, type Terminal } from '../env/index.ts';
import { ProgressLine, RecoveryReport } from './recovery-report.ts';

function fixture() {
  const output: string[] = [];
  const sink: LogSink = {
    level: 'info',
    write: (_level: LogLevel, _module, message) => output.push(`log: ${message}`),
  };
  const terminal: Terminal = {
    isInteractive: false,
    isErrorScreen: true,
    screenColumns: null,
    writeOutput: () => undefined,
    writeError: (text) => output.push(text.replace('\r\u001b[K', '<clear>')),
    openLineEditor: () => {
      throw new Error('not used');
    },
  };
  const time = { nowMs: 1000 };
  const clock = { realtimeSeconds: () => 0, monotonicMs: () => time.nowMs };
  return { output, sink, terminal, time, clock };
}

it('a directory that was empty has nothing to tell', () => {
  const { clock, sink } = fixture();
  expect(new RecoveryReport(clock, new Logger(sink, 'main'), null).finish()).toBeNull();
});

it('rows and seconds are those of the last progress', () => {
  const { clock, sink, time } = fixture();
  const report = new RecoveryReport(clock, new Logger(sink, 'main'), null);
  report.progress('snapshot', 10, 0.5);
  report.progress('snapshot', 20, 1);
  time.nowMs += 1500;
  report.progress('log', 3, 1);
  time.nowMs += 5000;
  expect(report.finish()).toEqual({ snapshotRows: 20, logRows: 3, seconds: 1.5 });
});

it('without a screen a line is logged once in a while', () => {
  const { clock, output, sink, time } = fixture();
  const report = new RecoveryReport(clock, new Logger(sink, 'main'), null);
  for (let step = 1; step <= 25; step++) {
    time.nowMs += 1000;
    report.progress('snapshot', step, step / 25);
  }
  expect(output).toEqual([
    'log: recovering the snapshot: 10 rows, 40 %',
    'log: recovering the snapshot: 20 rows, 80 %',
  ]);
});

it('on a screen the line is taken away before a record and at the end', () => {
  const { clock, output, sink, terminal, time } = fixture();
  const line = new ProgressLine(terminal);
  const guarded = line.guard(sink);
  const report = new RecoveryReport(clock, new Logger(guarded, 'main'), line);
  time.nowMs += 200;
  report.progress('log', 5, 0);
  guarded.write('info', 'main', 'something');
  guarded.write('info', 'main', 'more');
  time.nowMs += 200;
  report.progress('log', 6, 0);
  report.finish();
  expect(output).toEqual([
    '<clear>recovering the log: 5 rows',
    '<clear>',
    'log: something',
    'log: more',
    '<clear>recovering the log: 6 rows',
    '<clear>',
  ]);
});
