/** Families as they are made from facts: one sample or many, numbers, yes and no, one of several states. */
import type { MetricFamily, MetricLabels, MetricSample } from './text-format.ts';

/** Null: there is no sample now. */
type Value = number | boolean | null;

/** A family of one sample without labels. */
export function single(name: string, type: MetricFamily['type'], help: string, value: Value): MetricFamily {
  return { name: `picodata_${name}`, type, help, samples: value === null ? [] : [sample({}, value)] };
}

/** A family of a sample for each thing. */
export function each<Thing>(
  name: string,
  type: MetricFamily['type'],
  help: string,
  things: readonly Thing[],
  describe: (thing: Thing) => MetricSample,
): MetricFamily {
  return { name: `picodata_${name}`, type, help, samples: things.map(describe) };
}

/** Yes is 1, no is 0. */
export function sample(labels: MetricLabels, value: number | boolean): MetricSample {
  return { labels, value: Number(value) };
}

/** A sample for each state, of which the current one is 1; one that is not among them comes behind. */
export function statesOf(
  label: string,
  states: readonly string[],
  current: string,
  labels: MetricLabels = {},
): readonly MetricSample[] {
  const all = states.includes(current) ? states : [...states, current];
  return all.map((state) => sample({ ...labels, [label]: state }, state === current));
}
