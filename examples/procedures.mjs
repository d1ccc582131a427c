/**
 * Procedures for `picodata run --script examples/procedures.mjs`: what the module exports is callable by name, and
 * `start` runs once, before the instance listens.
 */
import { defineProcedure, results } from 'picodata';

/** @param {import('picodata').LocalApi} api */
export function start(api) {
  api.schema.createSpace('visits', {
    ifNotExists: true,
    format: [
      { name: 'page', type: 'string' },
      { name: 'count', type: 'unsigned' },
    ],
  });
  api.schema.createIndex('visits', 'primary', { parts: ['page'], ifNotExists: true });
}

/** Counts a visit. */
export const visit = defineProcedure('visit', (api, page) => {
  api.space('visits').upsert([page, 1], [['+', 1, 1]]);
});

/** How often a page was visited, and how many pages were visited at all. */
export const visits = defineProcedure('visits', (api, page) => {
  const space = api.space('visits');
  return results(space.get(page)?.[1] ?? 0, space.length);
});
