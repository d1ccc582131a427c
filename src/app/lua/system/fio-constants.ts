/** Linux's numbers for flags, modes and kinds of files, under the names that `fio.c` has. */
export const FILE_FLAGS: Readonly<Record<string, number>> = {
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 64,
  O_EXCL: 128,
  O_NOCTTY: 256,
  O_TRUNC: 512,
  O_APPEND: 1024,
  O_NONBLOCK: 2048,
  O_NDELAY: 2048,
  O_ASYNC: 8192,
  O_DIRECT: 16384,
  O_LARGEFILE: 0,
  O_DIRECTORY: 65536,
  O_NOFOLLOW: 131072,
  O_NOATIME: 262144,
  O_CLOEXEC: 524288,
  O_SYNC: 1052672,
  O_PATH: 2097152,
  O_TMPFILE: 4259840,
};

export const FILE_MODES: Readonly<Record<string, number>> = {
  S_IRWXU: 0o700,
  S_IRUSR: 0o400,
  S_IWUSR: 0o200,
  S_IXUSR: 0o100,
  S_IRWXG: 0o070,
  S_IRGRP: 0o040,
  S_IWGRP: 0o020,
  S_IXGRP: 0o010,
  S_IRWXO: 0o007,
  S_IROTH: 0o004,
  S_IWOTH: 0o002,
  S_IXOTH: 0o001,
};

export const SEEK_ORIGINS: Readonly<Record<string, number>> = {
  SEEK_SET: 0,
  SEEK_CUR: 1,
  SEEK_END: 2,
  SEEK_DATA: 3,
  SEEK_HOLE: 4,
};

const KIND_BITS = 0o170000;

/** Methods of `fio.stat`'s result by what they ask for. */
export const FILE_KINDS: Readonly<Record<string, number>> = {
  is_fifo: 0o010000,
  is_chr: 0o020000,
  is_dir: 0o040000,
  is_blk: 0o060000,
  is_reg: 0o100000,
  is_link: 0o120000,
  is_sock: 0o140000,
};

export function isKind(mode: number, kind: number): boolean {
  return (mode & KIND_BITS) === kind;
}
