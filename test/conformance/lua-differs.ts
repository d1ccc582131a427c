/** Cases whose replies differ when their steps are statements of Lua, and why; they must not match. */
export const LUA_DIFFERS: Readonly<Record<string, string>> = {
  'update: assign to fields whose number has more than 31 bits':
    'the error names field 1, as that of the same request does; the one of 2.6.0 names what it finds in memory',
};
