/** Our indexes and a real server's under the same random steps: what is found, in which order, and what is refused. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BoxError } from '../../src/base/index.ts';
import { type Address, NO_ADDRESS } from '../../src/engine/arena/index.ts';
import {
  createIndex,
  DUPLICATE,
  ITERATOR,
  type IteratorType,
  type SpaceIndex,
  validateSelectKey,
} from '../../src/engine/indexes/index.ts';
import { IndexFixture, keyOf } from '../../src/engine/indexes/index-fixture.ts';
import { findTarantool } from '../support/tarantool-server.ts';
import { type Scenario, scenarios, type Step, stepsOf } from './scenarios.ts';

const program = findTarantool();
if (program === null) console.warn('skipped: there is no tarantool on this machine');

const STEP_COUNT = 1500;
const RUN_TIMEOUT_MS = 60_000;
const DUPLICATE_CODE = 3;
const UNSUPPORTED_CODE = 112;

/** Ids of the rows found, or what was answered instead. */
type Outcome = readonly number[] | Readonly<{ code: number; message: string }> | 'done';

const SCRIPT = `
local json = require('json')
local fio = require('fio')
box.cfg{wal_mode = 'none', log = 'log', memtx_memory = 64 * 1024 * 1024}
box.schema.func.create('words', {is_deterministic = true, is_sandboxed = true, opts = {is_multikey = true}, body =
  [[function(tuple) local keys = {} for _, word in ipairs(tuple[2]) do keys[#keys + 1] = {#word, word} end return keys end]]})
local input = fio.open('input.json', {'O_RDONLY'})
local scenarios = json.decode(input:read())
local output = {}
for number, scenario in ipairs(scenarios) do
  local space = box.schema.space.create('s' .. number)
  space:create_index('pk', {parts = {{1, 'unsigned'}}})
  local index = space:create_index('i', loadstring('return ' .. scenario.lua)())
  local outcomes = {}
  for _, step in ipairs(scenario.steps) do
    local ok, result = pcall(function()
      if step.kind == 'replace' then space:replace(step.row) return 'done' end
      if step.kind == 'delete' then space:delete(step.id) return 'done' end
      local ids = setmetatable({}, {__serialize = 'seq'})
      for _, tuple in ipairs(index:select(step.key, {iterator = step.iterator})) do ids[#ids + 1] = tuple[1] end
      return ids
    end)
    if not ok then result = {code = result.code, message = result.message} end
    outcomes[#outcomes + 1] = result
  end
  output[number] = outcomes
end
local file = fio.open('output.json', {'O_WRONLY', 'O_CREAT'}, tonumber('644', 8))
file:write(json.encode(output))
file:close()
os.exit(0)
`;

/** One index with the rows that its primary key would hold. */
class Replica {
  readonly #fixture = new IndexFixture();
  readonly #index: SpaceIndex;
  readonly #tuples = new Map<number, Address>();

  constructor(scenario: Scenario) {
    const { arena, views } = this.#fixture;
    this.#index = createIndex(arena, views, scenario.definition, scenario.keyFunction);
  }

  perform(step: Step): Outcome {
    try {
      if (step.kind === 'select') return this.#select(step.iterator as IteratorType, step.key);
      return this.#write(step);
    } catch (error) {
      if (error instanceof BoxError) return { code: error.code, message: error.message };
      throw error;
    }
  }

  coordinates(id: number): readonly number[] {
    return this.#fixture.row(this.#tuples.get(id) ?? NO_ADDRESS)[1] as number[];
  }

  #write(step: Exclude<Step, { kind: 'select' }>): Outcome {
    const id = step.kind === 'delete' ? step.id : (step.row[0] as number);
    const old = this.#tuples.get(id) ?? NO_ADDRESS;
    const tuple = step.kind === 'delete' ? NO_ADDRESS : this.#fixture.tuple(step.row);
    expect(this.#index.reserve(false)).toBe(true);
    const result = this.#index.replace(old, tuple, 'insert');
    if (result === DUPLICATE) return { code: DUPLICATE_CODE, message: '' };
    if (old !== NO_ADDRESS) this.#fixture.views.retireTuple(old);
    if (step.kind === 'delete') this.#tuples.delete(id);
    else this.#tuples.set(id, tuple);
    return 'done';
  }

  #select(iterator: IteratorType, values: Extract<Step, { kind: 'select' }>['key']): Outcome {
    const key = keyOf(values);
    validateSelectKey(this.#index.definition, iterator, key.bytes, key.position, key.partCount);
    if (!this.#index.supports(iterator, key.partCount)) return { code: UNSUPPORTED_CODE, message: '' };
    const rows = this.#fixture.select(this.#index, iterator, values);
    expect(this.#fixture.count(this.#index, iterator, values)).toBe(rows.length);
    return rows.map((row) => row[0] as number);
  }
}

/** What is the same on both sides. */
function comparable(scenario: Scenario, step: Step, outcome: Outcome, replica: Replica): unknown {
  if (typeof outcome === 'object' && 'code' in outcome) {
    // Their texts have names of spaces and indexes, which the index does not know.
    const { code } = outcome;
    return code === DUPLICATE_CODE || code === UNSUPPORTED_CODE ? code : outcome;
  }
  if (outcome === 'done' || scenario.order === 'same') return outcome;
  const ids = [...outcome].sort((a, b) => a - b);
  if (scenario.order === 'any' || step.kind !== 'select' || step.iterator !== ITERATOR.NEIGHBOR) return ids;
  const corner = cornerOf(scenario, step.key as readonly (number | number[])[]);
  return [ids, outcome.map((id) => distance(scenario, replica.coordinates(id), corner))];
}

function cornerOf({ definition }: Scenario, key: readonly (number | number[])[]): number[] {
  const coordinates = (typeof key[0] === 'number' ? key : key[0]) as number[];
  return Array.from({ length: definition.dimension }, (_, axis) =>
    Math.min(coordinates[axis]!, coordinates[axis + definition.dimension] ?? Infinity),
  );
}

function distance({ definition }: Scenario, coordinates: readonly number[], corner: readonly number[]): number {
  return corner.reduce((sum, point, axis) => {
    const one = coordinates[axis]!;
    const other = coordinates[axis + definition.dimension] ?? one;
    const along = Math.max(Math.min(one, other) - point, point - Math.max(one, other), 0);
    return sum + (definition.distance === 'euclid' ? along * along : along);
  }, 0);
}

describe.skipIf(program === null)('the same steps as on a real server', () => {
  const input = scenarios.map((scenario, seed) => ({ lua: scenario.lua, steps: stepsOf(scenario, seed, STEP_COUNT) }));
  let directory = '';
  let theirs: Outcome[][] = [];

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'indexes-'));
    writeFileSync(join(directory, 'input.json'), JSON.stringify(input));
    writeFileSync(join(directory, 'run.lua'), SCRIPT);
    execFileSync(program?.path ?? '', ['run.lua'], { cwd: directory, stdio: 'ignore', timeout: RUN_TIMEOUT_MS });
    theirs = JSON.parse(readFileSync(join(directory, 'output.json'), 'utf8')) as Outcome[][];
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test.each(scenarios.map((scenario, number) => ({ ...scenario, number })))('$name', (scenario) => {
    const replica = new Replica(scenario);
    const { steps } = input[scenario.number]!;
    const seen = new Set<string>();
    for (const [place, step] of steps.entries()) {
      const outcome = replica.perform(step);
      const wanted = theirs[scenario.number]![place]!;
      expect([place, step, comparable(scenario, step, outcome, replica)]).toEqual([
        place,
        step,
        comparable(scenario, step, wanted, replica),
      ]);
      if (step.kind === 'select' && Array.isArray(outcome) && outcome.length > 0) seen.add(`iterator ${step.iterator}`);
    }
    expect(seen.size).toBeGreaterThan(1);
  });
});
