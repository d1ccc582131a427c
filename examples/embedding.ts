/**
 * An instance inside a program, with a procedure that clients call and a client that calls it.
 * Run it with `npx tsx examples/embedding.ts`; data stays in a temporary directory, which is removed at the end.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoxError, connect, defineProcedure, defineSpace, startInstance } from 'picodata';

const accounts = defineSpace({
  name: 'accounts',
  fields: { id: 'unsigned', owner: 'string', balance: 'integer' },
  primary: ['id'],
  indexes: { owner: ['owner'] },
});

/** Both balances change, or none does. */
const transfer = defineProcedure('transfer', (api, from: number, to: number, amount: number) =>
  api.atomic(() => {
    const space = api.space(accounts);
    const payer = space.update([from], [['-', 'balance', amount]]);
    if (payer === null || payer.balance < 0) throw new Error(`account ${from} does not have ${amount}`);
    if (space.update([to], [['+', 'balance', amount]]) === null) throw new Error(`there is no account ${to}`);
    return payer.balance;
  }),
);

const dataDir = mkdtempSync(join(tmpdir(), 'picodata-example-'));
const instance = await startInstance({
  dataDir,
  listen: 'localhost:0',
  trust: 'open',
  procedures: [transfer],
  onReady(api) {
    api.schema.createSpace('accounts', {
      ifNotExists: true,
      format: [
        { name: 'id', type: 'unsigned' },
        { name: 'owner', type: 'string' },
        { name: 'balance', type: 'integer' },
      ],
    });
    api.schema.createIndex('accounts', 'primary', { parts: ['id'], ifNotExists: true });
    api.schema.createIndex('accounts', 'owner', { parts: ['owner'], unique: false, ifNotExists: true });
  },
});

try {
  // Inside the program: synchronous, with the types of the definition.
  const local = instance.api.space(accounts);
  local.insert({ id: 1, owner: 'Ann', balance: 100 });
  local.insert({ id: 2, owner: 'Bob', balance: 0 });
  await instance.durable();

  // From outside: the same over the network.
  const connection = await connect(instance.information.listen[0] ?? '');
  console.log('Ann has left:', await connection.call('transfer', [1, 2, 30]));
  try {
    await connection.call('transfer', [1, 2, 1000]);
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    console.log('refused:', error.message);
  }
  const bob = await connection.space(accounts).select(['Bob'], { index: 'owner' });
  console.log('Bob:', bob);
  connection.close();
} finally {
  await instance.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
