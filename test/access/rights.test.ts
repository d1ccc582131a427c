/** Users, roles and privileges: every step of every scenario must end here as it does on a real server. */
import { describe, expect, it } from 'vitest';
import { findTarantool, startTarantool } from '../support/tarantool-server.ts';
import { EnginePeer } from './engine-peer.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Outcome, RightsPeer, Step } from './steps.ts';
import { TarantoolPeer } from './tarantool-peer.ts';

const tarantool = findTarantool();
if (tarantool === null) console.log('rights are not compared: no tarantool is installed');

describe.skipIf(tarantool === null)('rights', () => {
  it.each(SCENARIOS)('$name', async ({ steps }) => {
    const real = new TarantoolPeer(await startTarantool({ trust: 'closed' }));
    try {
      const expected = await transcript(real, steps);
      expect(await transcript(new EnginePeer(), steps)).toEqual(expected);
    } finally {
      await real.close();
    }
  });
});

async function transcript(peer: RightsPeer, steps: readonly Step[]): Promise<string[]> {
  const lines: string[] = [];
  for (const step of steps) lines.push(`${describeStep(step)} -> ${describeOutcome(await peer.perform(step))}`);
  return lines;
}

function describeStep({ who, request }: Step): string {
  const text = JSON.stringify(request, (_, value: unknown) => (value instanceof Map ? [...value] : value));
  return `${who}: ${text.slice(0, 200)}`;
}

function describeOutcome(outcome: Outcome): string {
  if ('rows' in outcome) return outcome.rows;
  const { code, type, message, fields } = outcome;
  return `${code} ${type} ${message} ${JSON.stringify(fields)}`;
}
