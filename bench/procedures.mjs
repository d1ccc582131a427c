// The same procedures as bench/tarantool.lua's, for `picodata run --script`.
const procedure = (name, body) => ({ kind: 'picodata.procedure', name, body });

// One tuple of a space by its key.
export const readOne = procedure('read_one', (api, spaceId, key) => api.space(spaceId).get(key));

export const takeSnapshot = procedure('take_snapshot', async (api) => {
  await api.snapshot();
  return 'ok';
});

// Bytes that the engine uses for tuples and indexes.
export const memoryUsed = procedure('memory_used', (api) => api.memory().usedBytes);

// A trigger that does nothing, to pay for calling one.
export const setTrigger = procedure('set_trigger', (api, spaceId) => {
  api.space(spaceId).onReplace(() => {});
});
