/** Ports that only users' programs and monitoring use and a simulated machine does not have: each call fails as on such a system. */
import { FileError, NetworkError, type Env, type FileSystem } from '../../src/env/index.ts';

const ENOSYS = 38;

function refuse(path: string, operation: string): never {
  throw new FileError('ENOSYS', ENOSYS, path, operation);
}

export function createMissingPorts(): Pick<Env, 'fileSystem' | 'resolver' | 'http' | 'httpServer' | 'processes'> {
  return {
    fileSystem: createMissingFileSystem(),
    resolver: { resolve: (host) => Promise.reject(new NetworkError('ENOTFOUND', `there is no resolver for ${host}`)) },
    http: { request: ({ url }) => Promise.reject(new NetworkError('ENOSYS', `there is no way to ${url}`)) },
    httpServer: { listen: () => Promise.reject(new NetworkError('ENOSYS', 'listen ENOSYS: there is no HTTP')) },
    processes: {
      start: ({ command }) => Promise.reject(new FileError('ENOSYS', ENOSYS, command[0] ?? '', 'start')),
    },
  };
}

function createMissingFileSystem(): FileSystem {
  return {
    open: (path) => refuse(path, 'open'),
    status: (path) => refuse(path, 'status'),
    list: (path) => refuse(path, 'list'),
    makeDirectory: (path) => refuse(path, 'mkdir'),
    removeDirectory: (path) => refuse(path, 'rmdir'),
    unlink: (path) => refuse(path, 'unlink'),
    rename: (path) => refuse(path, 'rename'),
    link: (path) => refuse(path, 'link'),
    symbolicLink: (path) => refuse(path, 'symlink'),
    readLink: (path) => refuse(path, 'readlink'),
    changeMode: (path) => refuse(path, 'chmod'),
    changeOwner: (path) => refuse(path, 'chown'),
    setTimes: (path) => refuse(path, 'utime'),
    truncate: (path) => refuse(path, 'truncate'),
    copyFile: (path) => refuse(path, 'copyfile'),
    makeTemporaryDirectory: (prefix) => refuse(prefix, 'mkdtemp'),
    workingDirectory: () => '/',
    changeDirectory: (path) => refuse(path, 'chdir'),
    setModeMask: () => 0o022,
    syncAll: () => undefined,
  };
}
