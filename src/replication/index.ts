export { isLost, type JoiningReplica } from './relay/join.ts';
export { type Downstream, Relay } from './relay/relay.ts';
export { Relays, type RelaysNeeds } from './relay/relays.ts';
export { runRelayWorker } from './relay/reading-worker.ts';
export { LogFilesReading } from './relay/log-files-reading.ts';
export { type Member, Members } from './members.ts';
export { type Beginning, Replication, type ReplicationNeeds, type RunningInstance } from './replication.ts';
export { DEFAULT_REPLICATION_OPTIONS, type ReplicationOptions } from './options.ts';
export { replicationInformation } from './information.ts';
