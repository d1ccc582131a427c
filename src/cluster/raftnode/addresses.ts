/** Where members are reached: told by the membership changes that added them. */
import { ByteWriter } from '../../base/index.ts';
import { parseAddress } from '../../client/index.ts';
import { checkValue, decodeValue, encodeValue, type Value } from '../../codec/msgpack/index.ts';
import { type MembershipState, membersOf, type Message, type RaftId } from '../../raft/index.ts';
import type { RaftStore } from './store.ts';

export type Addresses = ReadonlyMap<RaftId, string>;

/** Whether it can be connected to at all. */
export function isAddress(text: string): boolean {
  try {
    parseAddress(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether it says that its sender leads in this term, or a later one, and knows that all is committed that is applied here. */
export function isOfLeader(message: Message, term: number, applied: number): boolean {
  switch (message.kind) {
    case 'append-request':
    case 'heartbeat-request':
      return message.term >= term && message.commit >= applied;
    case 'snapshot-request':
      return message.term >= term;
    default:
      return false;
  }
}

export class AddressBook {
  readonly #onChange: (addresses: Addresses) => void;
  #addresses: Addresses = new Map();

  constructor(onChange: (addresses: Addresses) => void) {
    this.#onChange = onChange;
  }

  get all(): Addresses {
    return this.#addresses;
  }

  replace(addresses: Addresses): void {
    this.#addresses = addresses;
    this.#onChange(addresses);
  }

  /**
   * Whoever sends messages says where it is. A leader (`isOfLeader`) knows that better than the entries that are applied here: it
   * has all that are committed.
   */
  learn(id: RaftId, address: string, isLeader: boolean): void {
    const known = this.#addresses.get(id);
    if (known === address || (known !== undefined && !isLeader) || !isAddress(address)) return;
    this.replace(new Map([...this.#addresses, [id, address]]));
  }

  /** Those of a change come, those of members that are gone go. */
  change(added: Addresses, membership: MembershipState): void {
    const members = new Set(membersOf(membership));
    this.replace(new Map([...this.#addresses, ...added].filter(([id]) => members.has(id))));
  }

  rows(): Value {
    return rowsOf(this.#addresses);
  }

  reload(store: RaftStore): void {
    this.replace(addressesOf(store.get('addresses')));
  }
}

export function encodeAddresses(addresses: Addresses): Uint8Array {
  if (addresses.size === 0) return new Uint8Array(0);
  const writer = new ByteWriter(128);
  encodeValue(writer, rowsOf(addresses));
  return writer.toBytes();
}

/** Of a change or a snapshot; null: these bytes are no addresses. */
export function decodeAddresses(bytes: Uint8Array): Addresses | null {
  if (bytes.length === 0) return new Map();
  if (checkValue(bytes, 0, bytes.length) !== bytes.length) return null;
  const rows = decodeValue(bytes, 0);
  if (!Array.isArray(rows) || !rows.every(isRow)) return null;
  return addressesOf(rows);
}

function isRow(row: Value): boolean {
  if (!Array.isArray(row) || row.length !== 2) return false;
  const [id, address] = row as readonly Value[];
  return Number.isSafeInteger(id) && Number(id) > 0 && typeof address === 'string' && isAddress(address);
}

function rowsOf(addresses: Addresses): Value {
  return [...addresses].map(([id, address]): Value => [id, address]);
}

function addressesOf(value: Value | undefined): Addresses {
  if (!Array.isArray(value)) return new Map();
  return new Map(
    value.map((row): [RaftId, string] => {
      const [id, address] = row as readonly Value[];
      return [Number(id) as RaftId, String(address)];
    }),
  );
}
