/**
 * What replicas ask of their master: to join, to register, to follow. Checks come first, in Tarantool's order; what they
 * refuse is an answer with an error, and nothing has happened.
 *
 * Invariants: (1) a replica has at most one relay; (2) the log is kept from the state that each member has acknowledged
 * last, as far as it is known, whether it is connected or not.
 */
import { type BoxError, boxError, ByteWriter } from '../../base/index.ts';
import { encodeSubscribeAnswer, type JoinRequest, type SubscribeRequest } from '../../codec/iproto/index.ts';
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

const FEED_BYTES_MAX = 16 * 1024 * 1024;

export type RelaysNeeds = JoinNeeds &
  Readonly<{
    box: Box;
    log: Logger;
    members: Members;
    timeoutMs: () => number;
    isAnonymous: () => boolean;
    isLogged: boolean;
    /** A replica has written everything up to there. */
    onAck: (replicaId: number, vclock: Vclock) => void;
    /** A replica has told the version that it runs. */
    onVersion: (uuid: string, version: number) => void;
  }>;

/** How it went with a replica's last relay. */
export type DownstreamState = Readonly<{ relay: Relay; endedWith: BoxError | 'closed' | null }>;

export class Relays {
  readonly feed = new LogFeed(FEED_BYTES_MAX);
  readonly #needs: RelaysNeeds;
  readonly #states = new Map<string, DownstreamState>();
  /** By uuid of members: the state behind which they will ask for the log. */
  readonly #consumers = new Map<string, Vclock>();
  /** Ids whose rows are on their way to the log. */
  readonly #reservedIds = new Set<number>();

  constructor(needs: RelaysNeeds) {
    this.#needs = needs;
  }

  /** By uuid: of all replicas that follow or have followed since the start. */
  get states(): ReadonlyMap<string, DownstreamState> {
    return this.#states;
  }

  get consumers(): ReadonlyMap<string, Vclock> {
    return this.#consumers;
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

  /** Throws, or rejects with, the BoxError to answer with; NO_CONNECTION when the replica has gone. */
  async join({ instanceUuid }: JoinRequest, replica: JoiningReplica, session: Session, sync: number): Promise<void> {
    const { box, members, logClient } = this.#needs;
    this.#checkSelf(instanceUuid);
    this.#checkMaster();
    box.access.checkUniverse(session.effectiveUser, PRIVILEGE.read);
    if (members.idOf(instanceUuid) === 0) this.#checkRegistration(session);
    this.#checkLog();
    this.#needs.log.info(`joining replica ${instanceUuid} at ${session.peer}`);
    const start = await sendState(this.#needs, replica, sync);
    this.#consumers.set(instanceUuid, start);
    await this.#register(instanceUuid);
    await this.#needs.whenConfirmed();
    const stop = logClient.durableVclock;
    answerVclock(replica, sync, stop);
    await sendLog(this.#needs, replica, start, stop);
    answerVclock(replica, sync, logClient.durableVclock);
    this.#needs.log.info(`replica ${instanceUuid} has joined`);
  }

  async fetchSnapshot(replica: JoiningReplica, session: Session, sync: number): Promise<void> {
    const { box, logClient } = this.#needs;
    box.access.checkUniverse(session.effectiveUser, PRIVILEGE.read);
    this.#checkLog();
    this.#needs.log.info(`sending the state to an anonymous replica at ${session.peer}`);
    await sendState(this.#needs, replica, sync);
    answerVclock(replica, sync, logClient.durableVclock);
  }

  /** Makes a member of a replica that has the data already. */
  async register(
    instanceUuid: string,
    vclock: Vclock,
    replica: JoiningReplica,
    session: Session,
    sync: number,
  ): Promise<void> {
    const { box, members, logClient } = this.#needs;
    this.#checkSelf(instanceUuid);
    this.#checkMaster();
    box.access.checkUniverse(session.effectiveUser, PRIVILEGE.read);
    this.#checkRegistration(session);
    this.#checkLog();
    if (members.idOf(instanceUuid) !== 0) throw boxError('REPLICA_NOT_ANON', instanceUuid);
    this.#consumers.set(instanceUuid, vclock);
    await this.#register(instanceUuid);
    const stop = logClient.durableVclock;
    await sendLog(this.#needs, replica, vclock, stop);
    answerVclock(replica, sync, stop);
  }

  /** Begins to relay; throws the BoxError to answer with. */
  subscribe(request: SubscribeRequest, downstream: Downstream, session: Session, sync: number): Relay {
    const { box, env, members, logClient, files, timeoutMs, log } = this.#needs;
    const { instanceUuid, vclock, idFilter, isAnonymous } = request;
    this.#checkSelf(instanceUuid);
    if (!isAnonymous) this.#checkMaster();
    box.access.checkUniverse(session.effectiveUser, PRIVILEGE.read);
    const replicaId = isAnonymous ? 0 : members.idOf(instanceUuid);
    if (replicaId === 0 && !isAnonymous) throw unknownReplica(instanceUuid, box.catalog.replicasetUuid);
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
        onAck: (relayOf) => this.#acknowledged(relayOf),
        onEnd: (relayOf, error) => this.#ended(relayOf, error),
      },
      downstream,
      { replicaUuid: instanceUuid, replicaId, vclock, filter, sync },
    );
    this.#states.set(instanceUuid, { relay, endedWith: null });
    if (!isAnonymous) this.#consumers.set(instanceUuid, vclock);
    log.info(`replica ${instanceUuid} at ${session.peer} follows`);
    relay.start();
    return relay;
  }

  #acknowledged({ subscription, vclock }: Relay): void {
    const { replicaId, replicaUuid } = subscription;
    if (replicaId === 0) return;
    this.#consumers.set(replicaUuid, vclock);
    this.#needs.onAck(replicaId, vclock);
  }

  #ended(relay: Relay, error: BoxError | null): void {
    const { replicaUuid } = relay.subscription;
    const why = error === null ? 'its connection has ended' : error.message;
    this.#needs.log.warn(`replica ${replicaUuid} does not follow any more: ${why}`);
    if (this.#states.get(replicaUuid)?.relay === relay) {
      this.#states.set(replicaUuid, { relay, endedWith: error ?? 'closed' });
    }
  }

  #checkSelf(instanceUuid: string): void {
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
  async #register(instanceUuid: string): Promise<void> {
    const { box, members, transactions } = this.#needs;
    if (members.idOf(instanceUuid) !== 0) return;
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
