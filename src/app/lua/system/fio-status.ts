/** The status of a file as a table with questions about its kind. */
import type { SystemStatus } from '../../../env/index.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { plainFunction } from '../runtime/values.ts';
import { FILE_KINDS, isKind } from './fio-constants.ts';

const metatable = (): LuaTable => {
  const questions = new LuaTable();
  for (const [name, kind] of Object.entries(FILE_KINDS)) {
    questions.setString(
      name,
      plainFunction((self) => self instanceof LuaTable && isKind(Number(self.getString('mode')), kind)),
    );
  }
  return tableOf({ __index: questions });
};

export function statusTable(status: SystemStatus): LuaTable {
  const table = tableOf({
    dev: status.device,
    inode: status.inode,
    mode: status.mode,
    nlink: status.links,
    uid: status.userId,
    gid: status.groupId,
    rdev: status.specialDevice,
    size: status.sizeBytes,
    blksize: status.blockSizeBytes,
    blocks: status.blocks,
    atime: status.accessedSeconds,
    mtime: status.modifiedSeconds,
    ctime: status.changedSeconds,
  });
  table.metatable = metatable();
  return table;
}
