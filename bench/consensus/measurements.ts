/**
 * The lines about consensus, each measured on a group of three that is started for it: puts through the leader, the time
 * without a leader after it was killed, and the time that a leader takes to hand over. Members sync what they write, and
 * have heartbeats of 100 ms and elections after 1 to 2 s, on both sides.
 */
import { performance } from 'node:perf_hooks';
import type { Goal } from '../lines.ts';
import type { LoadRunner } from '../runner.ts';
import { type ConsensusClient, type GroupKind, MemberGroup, pause } from './group.ts';

export type ConsensusLine = Readonly<{
  name: string;
  unit: string;
  goal: Goal;
  /** What of all runs is compared: each beside its neighbour in time, or only the largest of a side. */
  compares: 'runs' | 'largest';
}>;

/** What one group gave for a line: one figure a run. */
export type ConsensusFigures = Readonly<{ values: readonly number[]; note: string }>;

export type ConsensusMeasurement = Readonly<{
  lines: readonly ConsensusLine[];
  /** Figures of the lines whose names are `wanted`, by name. */
  measure: (
    kind: GroupKind,
    runner: LoadRunner,
    seconds: number,
    wanted: ReadonlySet<string>,
  ) => Promise<ReadonlyMap<string, ConsensusFigures>>;
}>;

/** All clients share one, on both sides: with it etcd took the most puts. */
const CONNECTIONS = 1;
const LOAD_CLIENTS = [1, 16, 256] as const;
const LATENCY_CLIENTS = 16;
/** The first load of a group: it compiles what the members run, and is not counted. */
const FIRST_LOAD = { clients: 64, warmupSeconds: 0, seconds: 3 } as const;
const WARMUP_SECONDS = 1;

const KILLS = 4;
const TRANSFERS = 6;
const PROBE_MS = 10;
const POLL_MS = 1;
const PROBE_TIMEOUT_MS = 30_000;

const FAILOVER_MEDIAN_GOAL_MS = 1600;
const FAILOVER_MAX_GOAL_MS = 3000;
const TRANSFER_GOAL_MS = 300;

const putsLine = (clients: number): string => `consensus-puts-${clients}`;
const P50 = `consensus-p50-${LATENCY_CLIENTS}`;
const P99 = `consensus-p99-${LATENCY_CLIENTS}`;
const FAILOVER = 'consensus-failover';
const FAILOVER_MAX = 'consensus-failover-max';
const TRANSFER = 'consensus-transfer';

export const CONSENSUS_MEASUREMENTS: readonly ConsensusMeasurement[] = [
  {
    lines: [
      ...LOAD_CLIENTS.map((clients): ConsensusLine => ({
        name: putsLine(clients),
        unit: 'puts/s',
        goal: { atLeast: 1 },
        compares: 'runs',
      })),
      { name: P50, unit: 'ms', goal: { atMost: 1 }, compares: 'runs' },
      { name: P99, unit: 'ms', goal: { atMost: 1 }, compares: 'runs' },
    ],
    measure: puts,
  },
  {
    lines: [
      { name: FAILOVER, unit: 'ms', goal: { oursBelow: FAILOVER_MEDIAN_GOAL_MS }, compares: 'runs' },
      { name: FAILOVER_MAX, unit: 'ms', goal: { oursBelow: FAILOVER_MAX_GOAL_MS }, compares: 'largest' },
    ],
    measure: failovers,
  },
  {
    lines: [{ name: TRANSFER, unit: 'ms', goal: { oursBelow: TRANSFER_GOAL_MS }, compares: 'runs' }],
    measure: transfers,
  },
];

export const CONSENSUS_NAMES: readonly string[] = CONSENSUS_MEASUREMENTS.flatMap(({ lines }) =>
  lines.map(({ name }) => name),
);

const percent = (share: number): string => `${Math.round(share * 100)}%`;

/** Closed loops of several sizes on the leader of one group. */
function puts(
  kind: GroupKind,
  runner: LoadRunner,
  seconds: number,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ConsensusFigures>> {
  return MemberGroup.with(kind, async (group) => {
    const figures = new Map<string, ConsensusFigures>();
    const leader = await group.settled();
    const run = (load: Readonly<{ clients: number; warmupSeconds: number; seconds: number }>) =>
      runner.consensus({
        side: kind.side,
        clientPort: group.clientPort(leader),
        connections: CONNECTIONS,
        memberPids: [leader, ...group.positions.filter((position) => position !== leader)].map((position) =>
          group.pid(position),
        ),
        ...load,
      });
    await run(FIRST_LOAD);
    for (const clients of LOAD_CLIENTS) {
      const isLatencyWanted = clients === LATENCY_CLIENTS && (wanted.has(P50) || wanted.has(P99));
      if (!wanted.has(putsLine(clients)) && !isLatencyWanted) continue;
      const result = await run({ clients, warmupSeconds: WARMUP_SECONDS, seconds });
      const note = `client ${percent(result.clientShare)}, members ${result.memberShares.map(percent).join(' ')}`;
      figures.set(putsLine(clients), { values: [result.puts / result.seconds], note });
      if (clients !== LATENCY_CLIENTS) continue;
      figures.set(P50, { values: [result.p50Ms], note: '' });
      figures.set(P99, { values: [result.p99Ms], note: '' });
    }
    return figures;
  });
}

/** Milliseconds from the killing of the leader until one of the others has taken a put. */
function failovers(kind: GroupKind): Promise<ReadonlyMap<string, ConsensusFigures>> {
  return MemberGroup.with(kind, async (group) => {
    const values: number[] = [];
    for (let turn = 0; turn < KILLS; turn++) {
      const leader = await group.settled();
      values.push(await failoverMs(group, leader));
      group.restart(leader);
    }
    await group.settled();
    const note = values.map(Math.round).join(' ');
    return new Map([
      [FAILOVER, { values, note: '' }],
      [FAILOVER_MAX, { values, note }],
    ]);
  });
}

async function failoverMs(group: MemberGroup, leader: number): Promise<number> {
  const others = group.positions.filter((position) => position !== leader);
  const clients = await Promise.all(others.map((position) => group.connect(position, 1)));
  try {
    const startMs = performance.now();
    await group.kill(leader);
    await firstPut(clients);
    return performance.now() - startMs;
  } finally {
    for (const client of clients) client.close();
  }
}

/**
 * Resolves when one of many puts is taken. A put that was forwarded to a leader that is gone may hang until it times out,
 * so that new ones are sent to every member all the time and none is waited for.
 */
async function firstPut(clients: readonly ConsensusClient[]): Promise<void> {
  const deadlineMs = performance.now() + PROBE_TIMEOUT_MS;
  let isTaken = false;
  const taken = (): void => {
    isTaken = true;
  };
  while (!isTaken) {
    for (const [index, client] of clients.entries()) client.put(index).then(taken, () => undefined);
    await pause(PROBE_MS);
    if (performance.now() > deadlineMs) throw new Error('no put is taken after the leader was killed');
  }
}

/** Milliseconds from the request to hand over until the other one leads and has taken a put. */
function transfers(kind: GroupKind): Promise<ReadonlyMap<string, ConsensusFigures>> {
  return MemberGroup.with(kind, async (group) => {
    const values: number[] = [];
    for (let turn = 0; turn < TRANSFERS; turn++) {
      const leader = await group.settled();
      values.push(await transferMs(group, leader, (leader + 1) % group.positions.length));
    }
    return new Map([[TRANSFER, { values, note: values.map(Math.round).join(' ') }]]);
  });
}

function transferMs(group: MemberGroup, from: number, to: number): Promise<number> {
  return group.withClient(from, (old) =>
    group.withClient(to, async (next) => {
      const { id } = await next.status();
      const startMs = performance.now();
      const request = old.transferLeadership(id);
      const leads = async (): Promise<number> => {
        while ((await next.status()).leaderId !== id) {
          if (performance.now() - startMs > PROBE_TIMEOUT_MS) throw new Error('the leader does not hand over');
          await pause(POLL_MS);
        }
        await next.put(0);
        return performance.now() - startMs;
      };
      const [milliseconds] = await Promise.all([leads(), request]);
      return milliseconds;
    }),
  );
}
