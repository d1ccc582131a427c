/** Runs the cases on two servers side by side and reports where their replies differ. */
import { findPicodata, startPicodata } from '../support/picodata-server.ts';
import type { Reply } from '../support/raw-iproto.ts';
import { findTarantool, startTarantool } from '../support/tarantool-server.ts';
import type { TestServer, Trust } from '../support/test-server.ts';
import { shorten } from './describe.ts';
import { LUA_DIFFERS } from './lua-differs.ts';
import { throughLua } from './lua-steps.ts';
import { Peer } from './peer.ts';
import { type Comparable, comparable, comparableGreeting } from './reply.ts';
import { type Area, type Case, flatten, type Send, type Step } from './steps.ts';

const ANSWER_TIMEOUT_MS = 15_000;
const SILENCE_MS = 200;
const SHOWN_MISMATCHES_MAX = 5;

export type PeerKind = 'real' | 'ours';
export type PeerKinds = readonly [PeerKind, PeerKind];
/** How steps are sent: as they are, or as statements of Lua where they can be. */
export type Way = 'plain' | 'lua';

/** `real,ours` as it stands on a command line or in CONFORMANCE_PEERS. */
export function parsePeers(text: string): PeerKinds {
  const [first, second, ...rest] = text.split(',');
  if (!isKind(first) || !isKind(second) || rest.length > 0)
    throw new Error(`peers are real or ours, two of them: ${text}`);
  return [first, second];
}

function isKind(text: string | undefined): text is PeerKind {
  return text === 'real' || text === 'ours';
}

/** Why these peers cannot be started here, or null. */
export function reasonToSkip(kinds: PeerKinds): string | null {
  if (kinds.includes('real') && findTarantool() === null) return 'there is no tarantool to compare with';
  if (kinds.includes('ours') && findPicodata() === null) return 'bin/picodata is not built';
  return null;
}

/** The outcome of a case: `differs` is an expected mismatch, `unexpected` a case listed as different that matched. */
export type Verdict = 'same' | 'mismatch' | 'differs' | 'unexpected';
export type CaseResult = Readonly<{
  area: string;
  name: string;
  steps: number;
  /** Of the steps those that were statements of Lua. */
  luaSteps: number;
  verdict: Verdict;
  report: string;
}>;

/** Two servers in one trust mode. */
export class Pair {
  readonly #kinds: PeerKinds;
  readonly #peers: readonly [Peer, Peer];
  readonly #way: Way;

  private constructor(kinds: PeerKinds, peers: readonly [Peer, Peer], way: Way) {
    this.#way = way;
    this.#kinds = kinds;
    this.#peers = peers;
  }

  static async start(kinds: PeerKinds, trust: Trust, way: Way = 'plain'): Promise<Pair> {
    const [first, second] = await Promise.allSettled(kinds.map((kind) => startPeer(kind, trust)));
    if (first?.status === 'fulfilled' && second?.status === 'fulfilled')
      return new Pair(kinds, [first.value, second.value], way);
    for (const outcome of [first, second]) if (outcome?.status === 'fulfilled') await outcome.value.stop();
    throw first?.status === 'rejected' ? first.reason : second?.status === 'rejected' ? second.reason : new Error();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.stop()));
  }

  /** Runs a case from a clean schema and leaves a clean schema behind. `trace` gets each step with its reply. */
  async run(area: Area, item: Case, trace: (line: string) => void = () => undefined): Promise<CaseResult> {
    try {
      return await this.#run(area, item, trace);
    } catch (error) {
      throw new Error(`${area.name}: ${item.name} cannot go on`, { cause: error });
    }
  }

  async #run(area: Area, item: Case, trace: (line: string) => void): Promise<CaseResult> {
    const bases = await Promise.all(this.#peers.map((peer) => peer.schemaVersion()));
    const mismatches: string[] = [];
    const steps = flatten(item.steps).map((step) => (this.#way === 'lua' ? (throughLua(step) ?? step) : step));
    const luaSteps = flatten(item.steps).filter((step) => throughLua(step) !== null).length;
    for (const [number, step] of steps.entries()) {
      const [first, second] = await Promise.all([
        runStep(this.#peers[0], step, number + 1, bases[0]!, this.#way),
        runStep(this.#peers[1], step, number + 1, bases[1]!, this.#way),
      ]);
      const where = step.on === 'main' ? '' : `[${step.on}] `;
      trace(`  ${where}${shorten(step.text)}\n    ${first.map((reply) => shorten(reply.text)).join('\n    ')}`);
      if (sameReplies(first, second)) continue;
      mismatches.push(this.#describeMismatch(step, number + 1, first, second));
    }
    await Promise.all(this.#peers.map((peer) => peer.reset()));
    const differs = expectedDifference(area, item, this.#way, mismatches);
    const counts = { steps: steps.length, luaSteps: this.#way === 'lua' ? luaSteps : 0 };
    const expected = differs === undefined ? {} : { differs };
    return { area: area.name, name: item.name, ...counts, ...judge(expected, this.#kinds, mismatches) };
  }

  #describeMismatch(step: Step, number: number, first: readonly Comparable[], second: readonly Comparable[]): string {
    const lines = [`  step ${number}${step.on === 'main' ? '' : ` on ${step.on}`}: ${shorten(step.text)}`];
    const sameText = first.map((reply) => reply.text).join() === second.map((reply) => reply.text).join();
    for (const [kind, replies] of [
      [this.#kinds[0], first],
      [this.#kinds[1], second],
    ] as const)
      for (const reply of replies) lines.push(`    ${kind}: ${shorten(sameText ? reply.bytes : reply.text)}`);
    return lines.join('\n');
  }
}

/** Through Lua a case that differs may be alike, and has differences of its own. */
function expectedDifference(area: Area, item: Case, way: Way, mismatches: readonly string[]): string | undefined {
  if (way === 'plain') return item.differs;
  return LUA_DIFFERS[`${area.name}: ${item.name}`] ?? (mismatches.length > 0 ? item.differs : undefined);
}

/** What the mismatches of a case mean, given what the case says of itself. */
export function judge(
  item: Pick<Case, 'differs'>,
  kinds: PeerKinds,
  mismatches: readonly string[],
): Pick<CaseResult, 'verdict' | 'report'> {
  const left = mismatches.length - SHOWN_MISMATCHES_MAX;
  const report = mismatches
    .slice(0, SHOWN_MISMATCHES_MAX)
    .concat(left > 0 ? [`  and ${left} more steps differ`] : [])
    .join('\n');
  // Two servers of one kind have nothing to differ in.
  if (item.differs === undefined || kinds[0] === kinds[1])
    return { verdict: mismatches.length === 0 ? 'same' : 'mismatch', report };
  if (mismatches.length > 0) return { verdict: 'differs', report: item.differs };
  return { verdict: 'unexpected', report: `  listed as different (${item.differs}), but the replies are the same` };
}

async function startPeer(kind: PeerKind, trust: Trust): Promise<Peer> {
  const server: TestServer = kind === 'real' ? await startTarantool({ trust }) : await startPicodata({ trust });
  try {
    return await Peer.attach(server, trust);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function runStep(peer: Peer, step: Step, sync: number, base: number, way: Way): Promise<readonly Comparable[]> {
  switch (step.kind) {
    case 'disconnect':
      peer.disconnect(step.on);
      return [];
    case 'greeting': {
      peer.disconnect(step.on);
      return [comparableGreeting((await peer.connection(step.on)).greeting)];
    }
    case 'send':
      return (await replies(peer, step, sync)).map((reply) => comparable(reply, base, step.maskUuids, way));
  }
}

async function replies(peer: Peer, step: Send, sync: number): Promise<readonly Reply[]> {
  const connection = await peer.connection(step.on);
  connection.send(step.packet(connection, sync));
  if (step.frames === 0) return [await connection.next(SILENCE_MS)];
  const received: Reply[] = [];
  while (received.length < step.frames) {
    const reply = await connection.next(ANSWER_TIMEOUT_MS);
    received.push(reply);
    if (reply.kind !== 'frame') break;
  }
  return received;
}

function sameReplies(first: readonly Comparable[], second: readonly Comparable[]): boolean {
  return first.length === second.length && first.every((reply, index) => reply.bytes === second[index]!.bytes);
}
