/** JSON paths and update operations: a mistake is an error of the table, and what succeeds is a whole tuple again. */
import { BoxError, ByteWriter, type SeededRandom } from '../../src/base/index.ts';
import { arrayLength, checkValue, writeArrayHeader } from '../../src/codec/msgpack/index.ts';
import {
  applyUpdate,
  applyUpsert,
  createTupleFormat,
  FastUpdate,
  lookupPath,
  parseJsonPath,
  scanJsonPath,
} from '../../src/tuple/index.ts';
import { mutated, randomText, writeRandomValue } from '../generate.ts';
import { writeOperation } from '../requests.ts';
import { hexOf, require, simpleTarget } from '../target.ts';

const format = createTupleFormat({ fields: [], keyDefs: [] });

export const JSON_PATHS = simpleTarget('json paths', { smokeCases: 20_000, longCases: 3_000_000 }, (random) => {
  const text = drawPath(random);
  const { tokens, ends, errorPosition } = scanJsonPath(text);
  const symbols = [...text].length;
  require(errorPosition >= 0 && errorPosition <= symbols + 1, `mistake at ${errorPosition} of ${JSON.stringify(text)}`);
  require(tokens.length === ends.length, `tokens without ends: ${JSON.stringify(text)}`);
  const path = parseJsonPath(text);
  require((typeof path === 'number') === (errorPosition !== 0), `read and scanned differ: ${JSON.stringify(text)}`);
  if (typeof path === 'number') return;
  const tuple = drawTuple(random);
  const position = lookupPath(tuple, 0, path, random.below(3));
  require(position < tuple.length, `${JSON.stringify(text)} leads out of ${hexOf(tuple)}`);
});

function drawPath(random: SeededRandom): string {
  if (random.chance(0.3)) return randomText(random, 20);
  const parts = ['[1]', '[0]', '[*]', '.a', 'a', '["b"]', "['c']", '[99999999999]', '.\u00e9', '[', ']', '."x', '[-1]'];
  return Array.from({ length: random.below(5) }, () => random.pick(parts)).join('');
}

function drawTuple(random: SeededRandom): Uint8Array {
  const writer = new ByteWriter(64);
  const count = random.below(8);
  writeArrayHeader(writer, count);
  for (let left = count; left > 0; left--) writeRandomValue(writer, random, 3);
  return writer.toBytes();
}

function drawOperations(random: SeededRandom): Uint8Array {
  const writer = new ByteWriter(64);
  const count = random.below(5);
  writeArrayHeader(writer, count);
  for (let left = count; left > 0; left--) writeOperation(writer, random);
  return random.chance(0.7) ? writer.toBytes() : mutated(writer.toBytes(), random, 2);
}

const fast = new FastUpdate();

export const UPDATES = simpleTarget('updates', { smokeCases: 15_000, longCases: 2_000_000 }, (random) => {
  const tuple = drawTuple(random);
  const operations = drawOperations(random);
  if (checkValue(operations, 0, operations.length) !== operations.length || arrayLength(operations, 0) < 0) return;
  const request = { bytes: operations, position: 0, indexBase: random.below(2) };
  const what = `${hexOf(operations)} on ${hexOf(tuple)}, first field ${request.indexBase}`;
  const general = outcome((writer) => applyUpdate(writer, format, tuple, 0, request), what);
  outcome((writer) => applyUpsert(writer, format, tuple, 0, request, () => undefined), what);
  if (!fast.read(format, operations, 0, request.indexBase)) return;
  const writer = new ByteWriter(64);
  if (!fast.apply(writer, format, tuple, 0, tuple.length)) return;
  require(general ===
    hexOf(writer.written()), `the short way makes ${hexOf(writer.written())}, the other ${general}: ${what}`);
});

/** The tuple as it is then, or the error. */
function outcome(apply: (writer: ByteWriter) => void, what: string): string {
  const writer = new ByteWriter(64);
  try {
    apply(writer);
  } catch (error) {
    if (!(error instanceof BoxError)) throw new Error(what, { cause: error });
    return `error ${error.code} ${error.message}`;
  }
  const result = writer.toBytes();
  require(arrayLength(result, 0) >= 0, `no tuple: ${hexOf(result)} of ${what}`);
  require(checkValue(result, 0, result.length) === result.length, `a broken tuple: ${hexOf(result)} of ${what}`);
  return hexOf(result);
}
