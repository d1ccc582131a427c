/**
 * The numbers of iproto, as docs/formats/iproto.md lists them: one table a meaning, each with its union type.
 * Invariant: within a table no number stands twice.
 */

/** Keys of a packet's header map, and of a log row's. */
export const HEADER_KEY = {
  requestType: 0x00,
  sync: 0x01,
  replicaId: 0x02,
  lsn: 0x03,
  /** Seconds since the Unix epoch, a double. */
  timestamp: 0x04,
  schemaVersion: 0x05,
  /** Stands in the body of SUBSCRIBE and JOIN: major << 16 | minor << 8 | patch. */
  serverVersion: 0x06,
  groupId: 0x07,
  /** lsn - tsn, modulo 2^64. */
  tsn: 0x08,
  flags: 0x09,
  streamId: 0x0a,
  threadId: 0x0b,
} as const;
export type HeaderKey = (typeof HEADER_KEY)[keyof typeof HEADER_KEY];

/** Keys of a body map. */
export const BODY_KEY = {
  spaceId: 0x10,
  indexId: 0x11,
  limit: 0x12,
  offset: 0x13,
  iterator: 0x14,
  indexBase: 0x15,
  fetchPosition: 0x1f,
  key: 0x20,
  /** A tuple, the arguments of a call, the operations of UPDATE, or what AUTH proves. */
  tuple: 0x21,
  functionName: 0x22,
  userName: 0x23,
  instanceUuid: 0x24,
  replicasetUuid: 0x25,
  vclock: 0x26,
  expression: 0x27,
  /** The operations of UPSERT. */
  operations: 0x28,
  ballot: 0x29,
  tupleMeta: 0x2a,
  options: 0x2b,
  oldTuple: 0x2c,
  newTuple: 0x2d,
  afterPosition: 0x2e,
  afterTuple: 0x2f,
  data: 0x30,
  /** The message of an error, as servers before 2.4 sent it alone. */
  errorMessage: 0x31,
  metadata: 0x32,
  bindMetadata: 0x33,
  bindCount: 0x34,
  position: 0x35,
  arrow: 0x36,
  beginKey: 0x37,
  endKey: 0x38,
  sqlText: 0x40,
  sqlBind: 0x41,
  sqlInfo: 0x42,
  statementId: 0x43,
  replicaAnonymous: 0x50,
  idFilter: 0x51,
  /** The stack of errors, see ERROR_KEY. */
  error: 0x52,
  term: 0x53,
  version: 0x54,
  features: 0x55,
  timeout: 0x56,
  eventKey: 0x57,
  eventData: 0x58,
  transactionIsolation: 0x59,
  vclockSync: 0x5a,
  authType: 0x5b,
  replicasetName: 0x5c,
  instanceName: 0x5d,
  spaceName: 0x5e,
  indexName: 0x5f,
  tupleFormats: 0x60,
  isSync: 0x61,
  isCheckpointJoin: 0x62,
  checkpointVclock: 0x63,
  checkpointLsn: 0x64,
} as const;
export type BodyKey = (typeof BODY_KEY)[keyof typeof BODY_KEY];

/** Request types, log row types, and the non-error types of an answer. */
export const REQUEST_TYPE = {
  ok: 0,
  select: 1,
  insert: 2,
  replace: 3,
  update: 4,
  delete: 5,
  /** CALL that wraps each result into an array. */
  call16: 6,
  auth: 7,
  eval: 8,
  upsert: 9,
  call: 10,
  execute: 11,
  nop: 12,
  prepare: 13,
  begin: 14,
  commit: 15,
  rollback: 16,
  insertArrow: 17,
  deleteRange: 18,
  raft: 30,
  raftPromote: 31,
  raftDemote: 32,
  confirm: 40,
  rollbackSync: 41,
  ping: 64,
  join: 65,
  subscribe: 66,
  voteDeprecated: 67,
  vote: 68,
  fetchSnapshot: 69,
  register: 70,
  joinMeta: 71,
  joinSnapshot: 72,
  id: 73,
  watch: 74,
  unwatch: 75,
  event: 76,
  watchOnce: 77,
  vinylRunInfo: 100,
  vinylPageInfo: 101,
  vinylRowIndex: 102,
  /** A message that the server pushes before the answer. */
  chunk: 128,
} as const;
export type RequestType = (typeof REQUEST_TYPE)[keyof typeof REQUEST_TYPE];

/** An answer of type `ERROR_RESPONSE | code` is an error. */
export const ERROR_RESPONSE = 0x8000;

/** Bits of the header's flags. */
export const ROW_FLAG = {
  commit: 1,
  waitSync: 2,
  waitAck: 4,
} as const;
export type RowFlag = (typeof ROW_FLAG)[keyof typeof ROW_FLAG];

export const REPLICATION_GROUP = {
  default: 0,
  /** Rows of spaces that are never replicated. */
  local: 1,
} as const;
export type ReplicationGroup = (typeof REPLICATION_GROUP)[keyof typeof REPLICATION_GROUP];

/** Those of `box.index` as well. */
export const ITERATOR = {
  EQ: 0,
  /** As EQ, descending. */
  REQ: 1,
  ALL: 2,
  /** Descending, as LE. */
  LT: 3,
  LE: 4,
  GE: 5,
  GT: 6,
  BITS_ALL_SET: 7,
  BITS_ANY_SET: 8,
  BITS_ALL_NOT_SET: 9,
  OVERLAPS: 10,
  NEIGHBOR: 11,
} as const;
export type IteratorName = keyof typeof ITERATOR;
export type IteratorType = (typeof ITERATOR)[IteratorName];

/** The one key of the error map: its value is the array of errors, the first is the answer, the next its cause. */
export const ERROR_STACK_KEY = 0x00;

/** Keys of each error in the stack, in the order written. */
export const ERROR_KEY = {
  type: 0x00,
  line: 0x02,
  file: 0x01,
  message: 0x03,
  errno: 0x04,
  code: 0x05,
  fields: 0x06,
} as const;
export type ErrorKey = (typeof ERROR_KEY)[keyof typeof ERROR_KEY];

/** Keys of one column's map in `metadata`. */
export const METADATA_KEY = {
  name: 0x00,
  type: 0x01,
  collation: 0x02,
  isNullable: 0x03,
  isAutoincrement: 0x04,
  span: 0x05,
} as const;
export type MetadataKey = (typeof METADATA_KEY)[keyof typeof METADATA_KEY];

export const SQL_INFO_KEY = {
  rowCount: 0x00,
  autoincrementIds: 0x01,
} as const;
export type SqlInfoKey = (typeof SQL_INFO_KEY)[keyof typeof SQL_INFO_KEY];

/** Keys of the map that answers VOTE. */
export const BALLOT_KEY = {
  /** The configured read_only. */
  isReadOnlyConfigured: 0x01,
  vclock: 0x02,
  /** The vclock of the oldest row kept. */
  gcVclock: 0x03,
  /** In 2.6: loading; in effect "cannot be written to" in all versions. */
  isReadOnly: 0x04,
  isAnonymous: 0x05,
  isBooted: 0x06,
  canLead: 0x07,
  bootstrapLeaderUuid: 0x08,
  registeredReplicaUuids: 0x09,
  instanceName: 0x0a,
} as const;
export type BallotKey = (typeof BALLOT_KEY)[keyof typeof BALLOT_KEY];

/** Keys of the body of a row of type `raft`. */
export const RAFT_KEY = {
  term: 0,
  vote: 1,
  state: 2,
  vclock: 3,
  leaderId: 4,
  isLeaderSeen: 5,
} as const;
export type RaftKey = (typeof RAFT_KEY)[keyof typeof RAFT_KEY];

/** What an instance is in an election. */
export const ELECTION_STATE = {
  follower: 1,
  candidate: 2,
  leader: 3,
} as const;
export type ElectionStateName = keyof typeof ELECTION_STATE;
export type ElectionState = (typeof ELECTION_STATE)[ElectionStateName];

/** What two ends of a connection agree upon by ID; each is the number of a feature. */
export const FEATURE = {
  streams: 0,
  transactions: 1,
  /** Error values travel as the extension type 3. */
  errorExtension: 2,
  watchers: 3,
  pagination: 4,
  spaceAndIndexNames: 5,
  watchOnce: 6,
  dmlTupleExtension: 7,
  callReturnTupleExtension: 8,
  callArgumentTupleExtension: 9,
  fetchSnapshotCursor: 10,
  isSync: 11,
  insertArrow: 12,
} as const;
export type FeatureName = keyof typeof FEATURE;
export type Feature = (typeof FEATURE)[FeatureName];

/** Version of the protocol that 2.10.0 names in ID. */
export const PROTOCOL_VERSION = 3;

/** The isolation that BEGIN asks for. */
export const TRANSACTION_ISOLATION = {
  default: 0,
  readCommitted: 1,
  readConfirmed: 2,
  bestEffort: 3,
  linearizable: 4,
} as const;
export type TransactionIsolationName = keyof typeof TRANSACTION_ISOLATION;
export type TransactionIsolation = (typeof TRANSACTION_ISOLATION)[TransactionIsolationName];

/** Ids of the system spaces that clients read. */
export const SYSTEM_SPACE_ID = {
  vcollation: 277,
  vspace: 281,
  vindex: 289,
} as const;

/** A packet longer than this is refused: 2 GiB. */
export const PACKET_BYTES_MAX = 0x80000000;

/** The one method of authentication that the protocol of 2.10 has. */
export const AUTH_METHOD = 'chap-sha1';
