import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BoxError, boxError } from '../../../base/index.ts';
import { CatalogFixture } from '../catalog-fixture.ts';
import { DDL_CASES, type DdlStep } from './index.ts';

function execute(fixture: CatalogFixture, step: DdlStep): void {
  const [operation, spaceId, row] = step;
  switch (operation) {
    case 'insert':
      return fixture.insert(spaceId, row);
    case 'replace':
      return fixture.replace(spaceId, row);
    case 'delete':
      return fixture.delete(spaceId, row);
    case 'update':
      return fixture.update(spaceId, row, step[3]);
    default:
      throw new TypeError(operation);
  }
}

/** As the replies are written down. */
function replyTo(fixture: CatalogFixture, step: DdlStep): string {
  const before = fixture.catalog.schemaVersion;
  let answer = 'ok';
  try {
    fixture.run(() => execute(fixture, step));
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    answer = `${error.code} ${error.message}`;
  }
  return `+${fixture.catalog.schemaVersion - before} ${answer}`;
}

/** By case: the answers of the real server. */
const REPLIES = new Map(
  readFileSync(new URL('./replies.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n\n')
    .map((text) => text.split('\n'))
    .map(([name, ...replies]) => [name, replies]),
);

const FAILED_LOG = boxError('WAL_IO');

describe('changes of system spaces', () => {
  const fixture = CatalogFixture.bootstrapped();
  const fresh = fixture.describe();

  it.each(DDL_CASES.map((ddlCase) => [ddlCase.name, ddlCase, REPLIES.get(ddlCase.name)] as const))(
    '%s: answered as by Tarantool, and undone without a trace when the log fails',
    (_, ddlCase, replies) => {
      expect(ddlCase.steps.map((step) => replyTo(fixture, step))).toEqual(replies);
      fixture.settle(FAILED_LOG);
      expect(fixture.describe()).toEqual(fresh);
      fixture.collectAll();
      expect(fixture.userCellBytes).toBe(0);
    },
  );
});
