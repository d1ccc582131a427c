/** What the parts of `net.box` work with. */
import type { ClientEnv } from '../../../../client/index.ts';
import type { LuaFiberHost } from '../../fibers/machine-fibers.ts';
import type { LuaRuntime } from '../../runtime/runtime.ts';
import type { LuaTable } from '../../runtime/table.ts';
import type { AnswerContext } from './answers.ts';

export type NetBoxHost = AnswerContext &
  Readonly<{
    env: ClientEnv;
    runtime: LuaRuntime;
    fibers: LuaFiberHost;
    globals: LuaTable;
    /** Tells the log of connections that are lost. */
    warn: (text: string) => void;
    futureMetatable: LuaTable;
  }>;
