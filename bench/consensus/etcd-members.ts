/** The installed etcd as members of a group, with its own intervals of heartbeats and elections. */
import { execFileSync } from 'node:child_process';
import { startProcess } from '../../test/support/child-server.ts';
import { EtcdClient } from './etcd-client.ts';
import type { GroupKind, MemberAddress } from './group.ts';

const nameOf = (position: number): string => `member-${position + 1}`;
const urlOf = (port: number): string => `http://127.0.0.1:${port}`;

function memberOptions(position: number, addresses: readonly MemberAddress[], dataDirectory: string): string[] {
  const own = addresses[position];
  if (own === undefined) throw new Error(`there is no member ${position}`);
  const options: Readonly<Record<string, string>> = {
    name: nameOf(position),
    'data-dir': dataDirectory,
    'listen-client-urls': urlOf(own.clientPort),
    'advertise-client-urls': urlOf(own.clientPort),
    'listen-peer-urls': urlOf(own.peerPort),
    'initial-advertise-peer-urls': urlOf(own.peerPort),
    'initial-cluster': addresses.map(({ peerPort }, other) => `${nameOf(other)}=${urlOf(peerPort)}`).join(','),
    'initial-cluster-state': 'new',
    logger: 'zap',
    'log-outputs': 'stderr',
    'log-level': 'error',
  };
  return Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
}

/** Throws without an installed etcd. */
export function etcdGroup(): GroupKind {
  let version: string;
  try {
    version = execFileSync('etcd', ['--version'], { encoding: 'utf8' });
  } catch {
    throw new Error('bench: there is no etcd on PATH to measure against (Debian: etcd-server)');
  }
  return {
    side: 'peer',
    title: `etcd ${/etcd Version: (\S+)/.exec(version)?.[1] ?? 'of unknown version'}`,
    launch: (position, addresses, dataDirectory) =>
      startProcess('etcd', memberOptions(position, addresses, dataDirectory), { cwd: '/' }),
    connect: (port, sessions) => EtcdClient.connect(port, sessions),
  };
}
