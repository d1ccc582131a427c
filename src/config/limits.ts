/**
 * Every bound of the product, in one place, each with its reason. Options (`options.ts`) are what a user may set;
 * these are what keeps an instance standing whatever a user sets.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  /** A request larger than this is refused and its connection closed: its length is more likely damage than data. */
  frameBytesMax: 2 * 1024 * MIB - 1,
  /** Tarantool's default for `memtx_max_tuple_size`. */
  tupleBytesMax: MIB,
  /** Replies of one connection not yet taken by its peer; beyond it no more of its requests are read. */
  connectionOutputBytesMax: 16 * MIB,
  /** Bytes of log batches that wait for the writer; beyond it writers get ER_WAL_IO instead of memory growth. */
  logQueueBytesMax: 256 * MIB,
  /** No slice of long work holds the thread longer. */
  sliceMs: 5,
  /**
   * Requests of one transaction over a stream, and statements of the procedures that it calls: each new request repeats
   * those before it, and COMMIT must fit a slice.
   */
  interactiveStepsMax: 1024,
  interactiveBytesMax: 4 * MIB,
  /** A transaction over a stream that names no timeout is rolled back after this time. */
  interactiveTimeoutMs: 60 * 1000,
  /**
   * Transactions over streams that one connection has open: each holds up to `interactiveBytesMax`, also when its time
   * is over, until the client ends it.
   */
  interactivePerConnectionMax: 1000,
  /** Keys that one connection may watch. */
  watchersPerConnectionMax: 1024,
  /**
   * Code of programs inside one statement, its triggers and key functions, all together: nothing is served meanwhile, so
   * what takes longer is a mistake. It cannot be interrupted; the statement fails behind it.
   */
  statementCodeMsMax: 1000,
  /** Lua that runs without waiting holds everybody else up; a fiber that does so for longer is ended. */
  fiberSliceMsMax: 10_000,
  /** Connections of the HTTP door: few ask, and nobody proves who they are. */
  httpConnectionsMax: 64,
  /** Request line and fields of one HTTP request. */
  httpHeaderBytesMax: 16 * KIB,
  /** A client of the HTTP door that takes longer to ask, or to take a part of the answer, loses its connection. */
  httpRequestMsMax: 10_000,
  httpIdleMsMax: 5000,
  /** Levels of statements started by triggers of statements. */
  triggerNestingMax: 4,
  /** A stop waits no longer for functions that were to be called before it. */
  shutdownHooksMs: 3000,
  /** Nor for clients that watch `box.shutdown` and have been told: they should leave by themselves. */
  shutdownClientsMs: 1000,
  /** What system spaces may take, whatever users filled: a full user quota stops neither DDL nor elections. */
  systemQuotaBytes: 256 * MIB,
  /**
   * Messages of consensus for one member that wait for earlier batches to be acknowledged, and batches that may be on their
   * way: beyond it messages are dropped, and sent again when the member answers.
   */
  raftOutboxMessagesMax: 4096,
  raftOutboxBytesMax: 16 * MIB,
  raftBatchesInFlightMax: 64,
  raftBytesInFlightMax: 16 * MIB,
  /** Answers to batches of one member that are kept for what it is sent next. */
  raftHeldAnswersMax: 16,
  /** A member that does not acknowledge a batch within this time has lost it. */
  raftBatchMsMax: 10_000,
  /** Operations that wait for their entry to be applied; one more is refused. */
  raftWaitersMax: 65_536,
  /** Entries that leave the log in one transaction when it is compacted. */
  raftCompactionSlice: 256,
  /** Entries of so many bytes stay in the log of the group while memory is tight. */
  raftShortLogBytes: 4 * MIB,
  /** The view of a snapshot that nobody reads is closed after this time. */
  raftSnapshotViewMsMax: 60_000,
  /** Age and size limits of a read view, that of cells kept for it alone: what exceeds them fails the reader. */
  readViewAgeMsMax: 3600 * 1000,
  readViewBytesMax: 4096 * MIB,
} as const;
