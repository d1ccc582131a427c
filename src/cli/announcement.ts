/** What an instance says when it starts: enough to know at night who it is, what it has, and whom it lets in. */
import { PICODATA_VERSION, TARANTOOL_VERSION } from '../base/index.ts';
import type { ListenAddress } from '../config/index.ts';
import type { Address } from '../env/index.ts';
import type { InstanceInformation, Trust } from '../instance/index.ts';

export type Recovered = Readonly<{ snapshotRows: number; logRows: number; seconds: number }>;

export function softwareLine(nodeVersion: string, hostName: string): string {
  return `picodata ${PICODATA_VERSION} (as Tarantool ${TARANTOOL_VERSION}) on Node ${nodeVersion}, host ${hostName}`;
}

export function identityLine(information: InstanceInformation): string {
  const { clusterId, instanceId, instanceUuid, replicasetId, replicasetUuid } = information;
  return `cluster ${clusterId}, instance ${instanceId} (${instanceUuid}), replicaset ${replicasetId} (${replicasetUuid})`;
}

/** `recovered` is null for a directory that was empty. */
export function dataLine(dataDir: string, recovered: Recovered | null): string {
  if (recovered === null) return `data directory ${dataDir} is new`;
  const { snapshotRows, logRows, seconds } = recovered;
  const rows = `${snapshotRows} rows of the snapshot and ${logRows} of the log`;
  return `data directory ${dataDir}: recovered ${rows} in ${seconds.toFixed(2)} s`;
}

/** `cookieSource` names where the cookie was found. */
export function trustLine(trust: Trust, cookieSource: string, cookieFile: string): string {
  switch (trust.kind) {
    case 'closed':
      return `trust is closed: the cookie of ${cookieSource}, and the rights of users, decide who may do what`;
    case 'open':
      return `trust is open: whoever connects may do everything; --cluster-cookie or the file ${cookieFile} closes it`;
    case 'stored':
      return 'trust is stored: the rights of users decide who may do what';
  }
}

/** A warning about an open instance that other machines reach; null when they do not. */
export function openToOthersLine(trust: Trust, listen: ListenAddress | Address | null): string | null {
  if (trust.kind !== 'open' || listen === null || !('host' in listen) || isLoopback(listen.host)) return null;
  return `${listen.host} is no loopback address: other machines may do everything in this instance, and no password is asked`;
}

/** `address` as `formatAddress` writes it. */
export function metricsLine(address: string): string {
  return `metrics are served at http://${address}/metrics`;
}

export function connectLine(address: string): string {
  return `connect with any connector for Tarantool, such as require('net.box').connect('${address}')`;
}

export function adminSocketLine(path: string): string {
  return `the administrator's console is on ${path}: picodata connect ${path.includes('/') ? path : `./${path}`}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
