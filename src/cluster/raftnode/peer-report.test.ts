import { beforeEach, expect, it } from 'vitest';
import { BoxError, boxError, clusterError, ERROR_TABLE } from '../../base/index.ts';
import { PeerReport, QUIET_MS } from './peer-report.ts';

const PEER = 'member 3 at 127.0.0.1:3303';
const refused = new BoxError(ERROR_TABLE.NO_CONNECTION.code, 'Connection is not established: connect ECONNREFUSED');
const timedOut = boxError('TIMEOUT');
const wrongCookie = boxError('CREDS_MISMATCH');

let nowMs: number;
let lines: string[];
let report: PeerReport;

/** What was logged since the last call. */
const said = (): string[] => lines.splice(0);

beforeEach(() => {
  [nowMs, lines] = [1000, []];
  report = new PeerReport(
    {
      clock: { monotonicMs: () => nowMs, realtimeSeconds: () => 0 },
      log: { level: 'info', write: (level, module, text) => lines.push(`${level} ${module} ${text}`) },
    },
    PEER,
  );
});

it('a loss is said once, and the return when the line before is old enough', () => {
  report.reached('messages');
  report.review();
  expect(said()).toEqual([]);
  for (let attempt = 0; attempt < 1000; attempt++, nowMs += 100) report.lost('messages', refused);
  expect(said()).toEqual([`warn raft ${PEER} cannot be reached: connect ECONNREFUSED`]);
  report.reached('messages');
  report.reached('messages');
  expect(said()).toEqual([`info raft ${PEER} is reached again`]);
  report.lost('messages', timedOut);
  expect(said()).toEqual([]);
  nowMs += QUIET_MS;
  report.review();
  expect(said()).toEqual([`warn raft ${PEER} cannot be reached: Timeout exceeded`]);
});

it('a return that was not said is said when there is time for it, and a loss that was not is never taken back', () => {
  report.lost('messages', refused);
  report.reached('messages');
  expect(said()).toHaveLength(1);
  nowMs += QUIET_MS - 1;
  report.review();
  expect(said()).toEqual([]);
  nowMs++;
  report.review();
  expect(said()).toEqual([`info raft ${PEER} is reached again`]);
  report.lost('messages', refused);
  report.reached('messages');
  nowMs += QUIET_MS;
  report.review();
  expect(said()).toEqual([]);
});

it('it is reached again when both ways are', () => {
  report.lost('messages', refused);
  report.lost('questions', refused);
  said();
  nowMs += QUIET_MS;
  report.reached('messages');
  expect(said()).toEqual([]);
  report.reached('questions');
  expect(said()).toEqual([`info raft ${PEER} is reached again`]);
});

it('what the peer itself says is said behind another reason, once', () => {
  report.lost('messages', refused);
  said();
  nowMs += QUIET_MS;
  report.lost('messages', timedOut);
  expect(said()).toEqual([]);
  for (let attempt = 0; attempt < 1000; attempt++, nowMs += 100) report.lost('messages', wrongCookie);
  expect(said()).toEqual([`warn raft ${PEER} cannot be reached: ${wrongCookie.message}`]);
});

it('however a peer comes and goes, there is one line in a while', () => {
  for (let change = 0; change < 1000; change++, nowMs += QUIET_MS / 100) {
    if (change % 3 === 0) report.reached('messages');
    else report.lost('messages', change % 3 === 1 ? refused : wrongCookie);
    report.review();
  }
  const count = said().length;
  expect(count).toBeGreaterThan(1);
  expect(count).toBeLessThanOrEqual(10);
});

it('the same refusal is passed on once in a while, but that one does not belong to the group always', () => {
  const [one, other] = [clusterError('LEADER_UNKNOWN'), clusterError('UNINITIALIZED', 'it starts')];
  expect([report.passes(one), report.passes(one), report.passes(other), report.passes(one)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  nowMs += QUIET_MS - 1;
  expect(report.passes(one)).toBe(false);
  nowMs++;
  expect([report.passes(one), report.passes(one)]).toEqual([true, false]);
  const expelled = clusterError('INSTANCE_EXPELLED', 'member 3');
  expect([report.passes(expelled), report.passes(expelled)]).toEqual([true, true]);
});
