import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../src/env/node/index.ts';
import { connect } from '../src/index.ts';
import { CommandFixture } from './cli/command.ts';
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
});
