/**
 * What replicas ask of their master: to join, to register, to follow. Checks come first, in Tarantool's order; what they
 * refuse is an answer with an error, and nothing has happened.
 *
 * Invariants: (1) a replica has at most one relay; (2) the log is kept from the state that each member has acknowledged
 * last, as far as it is known, whether it is connected or not.
 */
import { type BoxError, boxError, ByteWriter, NIL_UUID } from '../../base/index.ts';
import {
  encodeRaft,
  encodeSubscribeAnswer,
  type JoinRequest,
  type RaftMessage,
  type SubscribeRequest,
} from '../../codec/iproto/index.ts';
import { encodeValue } from '../../codec/msgpack/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';
import { PRIVILEGE } from '../../engine/access/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import { SYSTEM_SPACE } from '../../engine/catalog/index.ts';
import type { Logger } from '../../env/index.ts';
import type { Members } from '../members.ts';
import { answerVclock, type JoiningReplica, type JoinNeeds, sendLog, sendState } from './join.ts';
import { LogFeed } from './log-feed.ts';
import { type Downstream, Relay } from './relay.ts';

/**
 * Versions as the protocol has them: who takes part in elections, who wants their rows marked as local, and who comes
 * again when it is not known yet.
 */
const ELECTIONS_SINCE = (2 << 16) | (6 << 8) | 1;
const LOCAL_RAFT_UNTIL = (2 << 16) | (11 << 8) | 5;
const COMES_AGAIN_SINCE = (2 << 16) | (7 << 8);
const ROW_LOOK_MS = 10;

export type RelaysNeeds = JoinNeeds &
  Readonly<{
    box: Box;
    log: Logger;
    members: Members;
    timeoutMs: () => number;
    feedBytesMax: number;
    queuedBytesMax: number;
    isAnonymous: () => boolean;
    isLogged: boolean;
    /** Resolves when no transaction waits for the consent of others. */
    whenConfirmed: () => Promise<void>;
    /** A replica has written everything up to there; it knows of this term, 0 if it said none. */
    onAck: (replicaId: number, vclock: Vclock, term: number) => void;
    /** What a member that begins to follow is told about elections; null: nothing. */
    electionMessage: () => RaftMessage | null;
    /** A server has asked for its first data. */
    onJoin: (uuid: string) => void;
    /** A replica that has data has told the version that it runs. */
    onVersion: (uuid: string, version: number) => void;
  }>;

/** How it went with a replica's last relay. */
export type DownstreamState = Readonly<{ relay: Relay; endedWith: BoxError | 'closed' | null }>;

export class Relays {
  readonly feed: LogFeed;
  readonly #needs: RelaysNeeds;
  readonly #states = new Map<string, DownstreamState>();
  /** By uuid of members: the state behind which they will ask for the log. */
  readonly #consumers = new Map<string, Vclock>();
  /** Ids whose rows are on their way to the log. */
  readonly #reservedIds = new Set<number>();
  /** By uuid: of those who are being made members. */
  readonly #registrations = new Map<string, Promise<void>>();

  constructor(needs: RelaysNeeds) {
    this.#needs = needs;
    this.feed = new LogFeed(needs.feedBytesMax);
  }

  /** By uuid: of all members that follow or have followed since the start, and of anonymous replicas that follow. */
  get states(): ReadonlyMap<string, DownstreamState> {
    return this.#states;
  }

  get consumers(): ReadonlyMap<string, Vclock> {
    return this.#consumers;
  }

  /** Tells all members that follow, and understand it, about elections. */
  broadcast(message: RaftMessage): void {
    for (const { relay, endedWith } of this.#states.values()) if (endedWith === null) this.#tell(relay, message);
  }

  #tell(relay: Relay, message: RaftMessage): void {
    const { replicaId, version } = relay.subscription;
    if (replicaId === 0 || version < ELECTIONS_SINCE) return;
    const writer = new ByteWriter(256);
    encodeRaft(writer, { replicaId: this.#needs.members.ownId, isLocal: version <= LOCAL_RAFT_UNTIL }, message);
    relay.send(writer.written());
  }

  /** The member is gone: nothing is kept for it any more. */
  forget(uuid: string): void {
    this.#consumers.delete(uuid);
    this.#states.get(uuid)?.relay.end(unknownReplica(uuid, this.#needs.box.catalog.replicasetUuid));
    this.#states.delete(uuid);
  }

  /** Ends all relays. */
  stop(): void {
    for (const { relay } of this.#states.values()) relay.end(null);
  }

  /** Throws the BoxError that refuses, or rejects with what ends it: NO_CONNECTION when the replica has gone. */
  join(request: JoinRequest, replica: JoiningReplica, session: Session, sync: number): Promise<void> {
    const { box, members } = this.#needs;
    const { instanceUuid } = request;
    this.#checkUuid(instanceUuid);
    this.#checkMaster();
    box.access.checkUniverse(session.effectiveUser, PRIVILEGE.read);
    this.#needs.onJoin(instanceUuid);
    if (members.idOf(instanceUuid) === 0) this.#checkRegistration(session);
    this.#checkLog();
    this.#needs.log.info(`joining replica ${instanceUuid} at ${session.peer}`);
    return this.#join(request, replica, sync);
  }

  async #join({ instanceUuid, serverVersion }: JoinRequest, replica: JoiningReplica, sync: number): Promise<void> {
    const { logClient } = this.#needs;
    await this.#keepingLog(instanceUuid, logClient.durableVclock, async () => {
      const start = await sendState(this.#needs, replica, sync, serverVersion);
      await this.#register(instanceUuid);
      await this.#needs.whenConfirmed();
      const stop = logClient.durableVclock;
      answerVclock(replica, sync, stop);
      await sendLog(this.#needs, replica, start, stop);
    });
    answerVclock(replica, sync, logClient.durableVclock);
    this.#needs.log.info(`replica ${instanceUuid} has joined`);
  }

  /** Throws and rejects as `join` does. */
  fetchSnapshot(
    { serverVersion }: JoinRequest,
    replica: JoiningReplica,
    session: Session,
    sync: number,
  ): Promise<void> {
    const { box, logClient } = this.#needs;
    box.access.checkUniverse(session.effectiveUser, PRIVILEGE.read);
    this.#checkLog();
    this.#needs.log.info(`sending the state to an anonymous replica at ${session.peer}`);
    return sendState(this.#needs, replica, sync, serverVersion).then(() => {
      answerVclock(replica, sync, logClient.durableVclock);
    });
  }

  /** Makes a member of a replica that has the data already. Throws and rejects as `join` does. */
  register(
    instanceUuid: string,
    vclock: Vclock,
    replica: JoiningReplica,
    session: Session,
    sync: number,
  ): Promise<void> {
    const { box, members, logClient } = this.#needs;
    this.#checkUuid(instanceUuid);
    this.#checkMaster();
    box.access.checkUniverse(session.effectiveUser, PRIVILEGE.read);
    this.#checkRegistration(session);
    this.#checkLog();
    if (members.idOf(instanceUuid) !== 0) throw boxError('REPLICA_NOT_ANON', instanceUuid);
    return this.#keepingLog(instanceUuid, vclock, async () => {
      await this.#register(instanceUuid);
      const stop = logClient.durableVclock;
      await sendLog(this.#needs, replica, vclock, stop);
      answerVclock(replica, sync, stop);
    });
  }

  /** Keeps the log behind the state for a replica while `work` makes it a member, and from then on. */
  async #keepingLog(instanceUuid: string, vclock: Vclock, work: () => Promise<void>): Promise<void> {
    const kept = [...vclock];
    this.#consumers.set(instanceUuid, kept);
    try {
      await work();
    } finally {
      // It may have come again meanwhile.
      const isOver = this.#consumers.get(instanceUuid) === kept && this.#needs.members.idOf(instanceUuid) === 0;
      if (isOver) this.#consumers.delete(instanceUuid);
    }
  }

  /**
   * A member that another server has made may come before the row that says so. Servers from 2.7 on come again when they
   * are refused; for an older one this resolves when the row is there, or has not come in time. Null: nothing to wait
   * for. Who may not follow at all is refused at once, by the BoxError thrown.
   */
  whenExpected({ instanceUuid, isAnonymous, serverVersion }: SubscribeRequest, session: Session): Promise<void> | null {
    const { box, env, members, timeoutMs } = this.#needs;
    this.#checkUuid(instanceUuid);
    box.access.checkUniverse(session.effectiveUser, PRIVILEGE.read);
    const isKnown = (): boolean => members.idOf(instanceUuid) !== 0;
    if (isAnonymous || isKnown() || serverVersion >= COMES_AGAIN_SINCE) return null;
    const deadlineMs = env.clock.monotonicMs() + 2 * timeoutMs();
    const look = async (): Promise<void> => {
      while (!isKnown() && env.clock.monotonicMs() < deadlineMs) await env.timers.sleep(ROW_LOOK_MS);
    };
    return look();
  }

  /** Begins to relay; throws the BoxError to answer with. */
  subscribe(request: SubscribeRequest, downstream: Downstream, session: Session, sync: number): Relay {
    const { box, env, members, logClient, files, timeoutMs, queuedBytesMax, log } = this.#needs;
    const { instanceUuid, vclock, idFilter, isAnonymous } = request;
    this.#checkUuid(instanceUuid);
    if (!isAnonymous) this.#checkMaster();
    box.access.checkUniverse(session.effectiveUser, PRIVILEGE.read);
    const replicaId = isAnonymous ? 0 : members.idOf(instanceUuid);
    if (replicaId === 0 && !isAnonymous) {
      if (request.serverVersion < COMES_AGAIN_SINCE) throw unknownReplica(instanceUuid, box.catalog.replicasetUuid);
      // It may have become one at another master, whose row is on its way here: so it is to try again.
      throw boxError('TOO_EARLY_SUBSCRIBE', instanceUuid);
    }
    const former = this.#states.get(instanceUuid);
    if (former?.endedWith === null) {
      throw boxError('CFG', 'replication', 'duplicate connection with the same replica UUID');
    }
    this.#checkLog();
    this.#needs.onVersion(instanceUuid, request.serverVersion);
    const own = logClient.durableVclock;
    const filter = {
      excludedReplicaIds: idFilter.filter((id) => id !== 0),
      ownReplicaId: replicaId,
      ownLsnMax: own[replicaId] ?? 0,
    };
    const answer = new ByteWriter(512);
    encodeSubscribeAnswer(answer, { replicaId: members.ownId, sync }, own, box.catalog.replicasetUuid);
    downstream.write(answer.written());
    const relay = new Relay(
      {
        env,
        feed: this.feed,
        files,
        durableVclock: () => logClient.durableVclock,
        ownReplicaId: () => members.ownId,
        timeoutMs,
        queuedBytesMax,
        onAck: (relayOf) => this.#acknowledged(relayOf),
        onEnd: (relayOf, error) => this.#ended(relayOf, error),
      },
      downstream,
      { replicaUuid: instanceUuid, replicaId, version: request.serverVersion, vclock, filter, sync },
    );
    this.#states.set(instanceUuid, { relay, endedWith: null });
    if (!isAnonymous) this.#consumers.set(instanceUuid, vclock);
    log.info(`replica ${instanceUuid} at ${session.peer} follows`);
    const message = this.#needs.electionMessage();
    if (message !== null) this.#tell(relay, message);
    relay.start();
    return relay;
  }

  #acknowledged({ subscription, vclock, term }: Relay): void {
    const { replicaId, replicaUuid } = subscription;
    if (replicaId === 0) return;
    this.#consumers.set(replicaUuid, vclock);
    this.#needs.onAck(replicaId, vclock, term);
  }

  #ended(relay: Relay, error: BoxError | null): void {
    const { replicaUuid, replicaId } = relay.subscription;
    const why = error === null ? 'its connection has ended' : error.message;
    this.#needs.log.warn(`replica ${replicaUuid} does not follow any more: ${why}`);
    if (this.#states.get(replicaUuid)?.relay !== relay) return;
    // Nobody asks how it went with strangers, and there may be any number of them.
    if (replicaId === 0) this.#states.delete(replicaUuid);
    else this.#states.set(replicaUuid, { relay, endedWith: error ?? 'closed' });
  }

  #checkUuid(instanceUuid: string): void {
    if (instanceUuid === NIL_UUID) throw boxError('NIL_UUID');
    if (instanceUuid === this.#needs.members.instanceUuid) throw boxError('CONNECTION_TO_SELF');
  }

  /** Only a member can make members, or serve them. */
  #checkMaster(): void {
    if (this.#needs.isAnonymous())
      throw boxError('UNSUPPORTED', 'Anonymous replica', 'registration of non-anonymous nodes.');
  }

  #checkRegistration(session: Session): void {
    const { box } = this.#needs;
    if (box.statements.isReadOnly) throw boxError('READONLY');
    const cluster = box.catalog.space(SYSTEM_SPACE.cluster);
    if (cluster !== undefined) box.access.checkSpace(session.effectiveUser, cluster, PRIVILEGE.write);
  }

  #checkLog(): void {
    if (!this.#needs.isLogged) throw boxError('UNSUPPORTED', 'Replication', "wal_mode = 'none'");
  }

  /** Resolves when the row in `_cluster` is durable; nothing happens if it is there. */
  #register(instanceUuid: string): Promise<void> {
    if (this.#needs.members.idOf(instanceUuid) !== 0) return Promise.resolve();
    // A replica whose connection broke asks again while its row is still on its way to the log.
    const underWay = this.#registrations.get(instanceUuid);
    if (underWay !== undefined) return underWay;
    const registration = this.#insertMember(instanceUuid).finally(() => this.#registrations.delete(instanceUuid));
    this.#registrations.set(instanceUuid, registration);
    return registration;
  }

  async #insertMember(instanceUuid: string): Promise<void> {
    const { box, members, transactions } = this.#needs;
    const id = members.freeId(this.#reservedIds);
    if (id === null) throw boxError('REPLICA_MAX', members.list().length);
    this.#reservedIds.add(id);
    try {
      const row = new ByteWriter(64);
      encodeValue(row, [id, instanceUuid]);
      box.statements.insert(box.adminSession, SYSTEM_SPACE.cluster, row.bytes, 0, row.position);
      await transactions.whenDurable();
    } finally {
      this.#reservedIds.delete(id);
    }
  }
}

function unknownReplica(uuid: string, replicasetUuid: string): BoxError {
  return boxError('UNKNOWN_REPLICA', uuid, replicasetUuid);
}
