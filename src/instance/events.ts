/**
 * What the instance announces of itself to clients that watch: `box.id`, `box.status`, `box.election`, `box.schema` and
 * `box.shutdown`, with the fields that Tarantool 2.10 gives them.
 * Invariant: from the moment the doors open each key but `box.shutdown` has its value; `box.schema` is announced at most
 * once a turn, however many changes that brings.
 */
import { encodeToBytes, type Value } from '../codec/msgpack/index.ts';
import { LIMITS } from '../config/index.ts';
import type { Env } from '../env/index.ts';
import type { Members } from '../replication/index.ts';
import type { Storage } from './storage.ts';

const SHUTDOWN = 'box.shutdown';
const SHUTDOWN_POLL_MS = 10;
/** As an instance says it that takes part in no election. */
const FIRST_TERM = 1;
const NO_LEADER = 0;

export class InstanceEvents {
  readonly #env: Env;
  readonly #storage: Storage;
  readonly #members: Members;
  #schemaScheduled = false;

  constructor(env: Env, storage: Storage, members: Members) {
    this.#env = env;
    this.#storage = storage;
    this.#members = members;
  }

  /** Announces everything, and the schema's version whenever it grows. */
  start(): void {
    const { box, instanceUuid } = this.#storage;
    const { catalog, statements } = box;
    const isReadOnly = statements.isReadOnly;
    this.#announce('box.id', {
      id: this.#members.ownId,
      instance_uuid: instanceUuid,
      replicaset_uuid: catalog.replicasetUuid,
    });
    this.#announce('box.status', { is_ro: isReadOnly, is_ro_cfg: isReadOnly, status: 'running' });
    this.#announce('box.election', { term: FIRST_TERM, role: 'follower', is_ro: isReadOnly, leader: NO_LEADER });
    this.#announceSchema();
    catalog.onSchemaVersion(() => this.#schemaChanged());
  }

  /** Tells who watches `box.shutdown`, and waits until they have left, no longer than LIMITS.shutdownClientsMs. */
  async shutDown(): Promise<void> {
    const { clock, timers } = this.#env;
    this.#announce(SHUTDOWN, true);
    const deadlineMs = clock.monotonicMs() + LIMITS.shutdownClientsMs;
    while (this.#storage.box.broadcasts.hasListeners(SHUTDOWN) && clock.monotonicMs() < deadlineMs) {
      await timers.sleep(SHUTDOWN_POLL_MS);
    }
  }

  #schemaChanged(): void {
    if (this.#schemaScheduled) return;
    this.#schemaScheduled = true;
    this.#env.timers.endOfTurn(() => {
      this.#schemaScheduled = false;
      this.#announceSchema();
    });
  }

  #announceSchema(): void {
    this.#announce('box.schema', { version: this.#storage.box.catalog.schemaVersion });
  }

  #announce(key: string, value: Value): void {
    this.#storage.box.broadcasts.announce(key, encodeToBytes(value));
  }
}
