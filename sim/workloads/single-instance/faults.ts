/** What goes wrong in one phase of a run, drawn by chance. */
import type { SeededRandom } from '../../../src/base/index.ts';
import type { FileOperation, SimulatedHost, SimulatedWorld } from '../../env/index.ts';
import type { SimulatedServer } from './server.ts';

const isLog = (path: string): boolean => path.includes('.xlog');
const isSnapshot = (path: string): boolean => path.includes('.snap');

type Fault =
  'full' | 'writeError' | 'syncError' | 'logFileError' | 'snapshotError' | 'slow' | 'crashInWrite' | 'readError';

const FAULTS: readonly Fault[] = [
  'full',
  'writeError',
  'syncError',
  'logFileError',
  'snapshotError',
  'slow',
  'crashInWrite',
  'readError',
];

/** Sets the faults of the disk for a phase. */
export function setDiskFaults(random: SeededRandom, server: SimulatedServer): void {
  for (const fault of FAULTS) if (random.chance(0.17)) setFault(fault, random, server);
}

export function clearDiskFaults(host: SimulatedHost): void {
  host.faults.clear();
  host.capacityBytes = Infinity;
}

function setFault(fault: Fault, random: SeededRandom, server: SimulatedServer): void {
  const { faults } = server.host;
  const fail = (
    operations: readonly FileOperation[],
    isPathMatching: (path: string) => boolean,
    probability: number,
  ): void => {
    const code = random.pick(['EIO', 'ENOSPC'] as const);
    faults.add({
      operations,
      isPathMatching,
      probability,
      times: 1 + random.below(4),
      effect: { kind: 'error', code },
    });
  };
  switch (fault) {
    case 'full':
      // The rest is left for the time within the phase at which room is found again.
      server.host.capacityBytes = server.host.disk.usedBytes() + random.below(20_000);
      return;
    case 'writeError':
      return fail(['write'], isLog, 0.05 + 0.2 * random.fraction());
    case 'syncError':
      server.mayBreakLog = true;
      return fail(['sync'], isLog, 0.05 + 0.2 * random.fraction());
    case 'logFileError':
      server.mayBreakLog = true;
      return fail([random.pick(['open', 'rename', 'truncate', 'syncDirectory', 'remove'] as const)], isLog, 0.5);
    case 'snapshotError':
      return fail([random.pick(['open', 'write', 'sync', 'rename', 'syncDirectory'] as const)], isSnapshot, 0.5);
    case 'readError':
      return fail([random.pick(['read', 'list', 'open'] as const)], () => true, 0.2);
    case 'slow': {
      const effect = { kind: 'slow', leastMs: 1, mostMs: 5 + random.below(60) } as const;
      faults.add({ operations: ['write', 'sync'], probability: 0.1, effect });
      return;
    }
    case 'crashInWrite':
      faults.add({
        operations: random.pick([['write'], ['sync'], ['rename', 'syncDirectory', 'truncate', 'remove', 'open']]),
        probability: 0.02 + 0.1 * random.fraction(),
        times: 1,
        effect: { kind: 'crash' },
      });
      return;
  }
}

/** Moments of a phase at which something happens beside the load. */
export type Incident = Readonly<{ atMs: number; run: () => void }>;

export function drawIncidents(
  random: SeededRandom,
  world: SimulatedWorld,
  server: SimulatedServer,
  clients: SimulatedHost,
  durationMs: number,
  onBroken: () => void,
): readonly Incident[] {
  const { host } = server;
  const incidents: Incident[] = [];
  const add = (probability: number, most: number, run: () => void): void => {
    for (let index = 0; index < most; index++) {
      if (random.chance(probability)) incidents.push({ atMs: world.nowMs + random.fraction() * durationMs, run });
    }
  };
  add(0.4, 3, () => server.checkpoint());
  add(0.3, 2, () => {
    world.internet.breakConnections(host, clients);
    onBroken();
  });
  add(0.2, 1, () => host.freeze(1 + random.below(40)));
  add(0.2, 1, () => {
    const [from, to] = random.chance(0.5) ? [host, clients] : [clients, host];
    world.internet.block(from, to);
  });
  add(0.5, 1, () => world.internet.heal());
  add(0.7, 1, () => {
    host.capacityBytes = Infinity;
  });
  return incidents.sort((left, right) => left.atMs - right.atMs);
}
