/** The load as a process of its own, so that it shares no thread with what measures; prints one line of JSON. */
import { performance } from 'node:perf_hooks';
import { threadSeconds } from '../process-statistics.ts';
import type { Side } from '../servers.ts';
import { EtcdClient } from './etcd-client.ts';
import { type Load, type LoadFigures, runLoad } from './load.ts';
import { OurClient } from './our-client.ts';

export type ConsensusLoadOptions = Load &
  Readonly<{
    side: Side;
    /** The leader's. */
    clientPort: number;
    /** Over which the clients are spread. */
    connections: number;
    /** Whose processor time is read. */
    memberPids: readonly number[];
  }>;

/** `memberShares`: of one processor, in the order of `memberPids`. */
export type ConsensusLoadResult = LoadFigures & Readonly<{ memberShares: readonly number[] }>;

function processSeconds(pid: number): number {
  return threadSeconds(pid).reduce((sum, { seconds }) => sum + seconds, 0);
}

async function run(options: ConsensusLoadOptions): Promise<ConsensusLoadResult> {
  const { side, clientPort, connections, memberPids } = options;
  const client = await (side === 'peer' ? EtcdClient : OurClient).connect(clientPort, connections);
  const readings: { atMs: number; seconds: readonly number[] }[] = [];
  const read = (): void => {
    readings.push({ atMs: performance.now(), seconds: memberPids.map(processSeconds) });
  };
  const figures = await runLoad(client, options, read);
  client.close();
  const [first, last] = readings;
  if (first === undefined || last === undefined) throw new Error('a window without a beginning or an end');
  const elapsedSeconds = (last.atMs - first.atMs) / 1000;
  const memberShares = last.seconds.map((seconds, index) => (seconds - (first.seconds[index] ?? 0)) / elapsedSeconds);
  return { ...figures, memberShares };
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

const [text] = process.argv.slice(2);
if (text === undefined) fail(new Error('usage: load-client OPTIONS-AS-JSON'));
run(JSON.parse(text) as ConsensusLoadOptions).then((result) => {
  console.log(JSON.stringify(result));
  process.exit(0);
}, fail);
