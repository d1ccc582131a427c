import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../src/env/node/index.ts';
import { connect, type Connection, type Value } from '../src/index.ts';
import { CommandFixture } from './cli/command.ts';
import { freePort } from './support/child-server.ts';
import { findPicodata } from './support/picodata-server.ts';

const EXAMPLES = join(packageRoot(), 'examples');
const TYPE_STRIPPER = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

let fixture: CommandFixture;
beforeEach(() => {
  fixture = new CommandFixture();
});
afterEach(() => fixture.close());

describe.skipIf(findPicodata() === null)('the examples do what they say', () => {
  it('embedding.ts', async () => {
    const args = ['--import', TYPE_STRIPPER, join(EXAMPLES, 'embedding.ts')];
    const { code, stdout, stderr } = await fixture.start(args, { program: process.execPath }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'Ann has left: [ 70 ]',
      'refused: account 1 does not have 1000',
      "Bob: [ { id: 2, owner: 'Bob', balance: 30 } ]",
      '',
    ]);
  });

  it('procedures.mjs', async () => {
    const connection = await connect(await fixture.run(['--script', join(EXAMPLES, 'procedures.mjs')]).ready());
    expect(await connection.call('visit', ['/'])).toEqual([]);
    await connection.call('visit', ['/']);
    await connection.call('visit', ['/about']);
    expect(await connection.call('visits', ['/'])).toEqual([2, 2]);
    expect(await connection.call('visits', ['/none'])).toEqual([0, 2]);
    connection.close();
  });

  it('configuration-store.mjs', async () => {
    const ports = await Promise.all([1, 2, 3].map(() => freePort()));
    const addresses = ports.map((port) => `localhost:${port}`);
    const env = { CONFIGURATION_STORE: addresses.join() };
    for (const id of [1, 2, 3]) {
      const args = [join(EXAMPLES, 'configuration-store.mjs'), String(id)];
      await fixture.start(args, { program: process.execPath, env }).waitFor(/is ready\n/);
    }
    const [one, two, three] = (await Promise.all(addresses.map((address) => connect(address)))) as [
      Connection,
      Connection,
      Connection,
    ];
    const heard: Value[] = [];
    const isGone = new Promise<void>((resolve) => {
      three.watch('configuration.size', (value) => {
        heard.push(value);
        if (heard.length > 1 && value === null) resolve();
      });
    });
    expect(await one.call('get', ['size'])).toEqual([null]);
    expect(await two.call('compare_and_set', ['size', null, 'S'])).toEqual([true]);
    expect(await one.call('compare_and_set', ['size', null, 'M'])).toEqual([false]);
    expect(await three.call('compare_and_set', ['size', 'S', 'L'])).toEqual([true]);
    expect(await one.call('get', ['size'])).toEqual(['L']);
    await one.call('remove', ['size']);
    expect(await three.call('get', ['size'])).toEqual([null]);
    await isGone;
    expect(heard.at(-1)).toBeNull();
    for (const connection of [one, two, three]) connection.close();
  });

  it('configuration-store.mjs, of which only one of many that want the same gets it', async () => {
    const addresses = [`localhost:${await freePort()}`];
    const env = { CONFIGURATION_STORE: addresses.join() };
    const args = [join(EXAMPLES, 'configuration-store.mjs'), '1'];
    await fixture.start(args, { program: process.execPath, env }).waitFor(/is ready\n/);
    const connection = await connect(addresses[0]!);
    const wishes = Array.from({ length: 20 }, (_, number) =>
      connection.call('compare_and_set', ['owner', null, `client ${number}`]),
    );
    const granted = (await Promise.all(wishes)).filter(([isSet]) => isSet === true);
    expect(granted.length).toBe(1);
    connection.close();
  });
});
