/** What the instance around the engine says of its replication, as data; `box.info`, metrics and programs show it. */
import type { Vclock } from '../../codec/xlog/index.ts';

/** From a master to here. */
export type UpstreamInformation = Readonly<{
  /** As Tarantool names it: connect, auth, sync, follow, stopped, disconnected, loading ... */
  status: string;
  /** Since the last packet. */
  idleSeconds: number;
  /** Between a row's writing there and its coming here. */
  lagSeconds: number;
  /** As configured, without the password. */
  peer: string;
  /** Why it is not connected, and what the system said; null while it is. */
  message: string | null;
  systemMessage: string | null;
}>;

/** From here to a replica. */
export type DownstreamInformation = Readonly<{
  status: 'follow' | 'stopped';
  idleSeconds: number;
  lagSeconds: number;
  /** What the replica acknowledged last. */
  vclock: Vclock;
  message: string | null;
  systemMessage: string | null;
}>;

export type ReplicaInformation = Readonly<{
  /** 0: anonymous. */
  id: number;
  uuid: string;
  /** Of its rows, the last that is here. */
  lsn: number;
  /** Null for the instance itself, and where there is no such connection. */
  upstream: UpstreamInformation | null;
  downstream: DownstreamInformation | null;
}>;

/** Who keeps log files from being removed. */
export type LogConsumer = Readonly<{ name: string; vclock: Vclock }>;

/** As the instance knows it. */
export type ElectionInformation = Readonly<{
  state: 'follower' | 'candidate' | 'leader';
  term: number;
  /** Whom it voted for in the term; 0: nobody. */
  vote: number;
  /** 0: none is known. */
  leaderId: number;
}>;

/** The queue of synchronous transactions. */
export type SynchroInformation = Readonly<{
  quorum: number;
  queueLength: number;
  /** 0: nobody's. */
  ownerId: number;
  term: number;
}>;

export type ReplicationInformation = Readonly<{
  ownId: number;
  isOrphan: boolean;
  /** Members of the replica set, by id. */
  replicas: readonly ReplicaInformation[];
  /** Replicas that follow without being members, by uuid. */
  anonymous: readonly ReplicaInformation[];
  consumers: readonly LogConsumer[];
  election: ElectionInformation;
  synchro: SynchroInformation;
}>;
