/** Cases whose replies differ when their steps are statements of Lua, and why. */
export const LUA_DIFFERS: Readonly<Record<string, string>> = {};
