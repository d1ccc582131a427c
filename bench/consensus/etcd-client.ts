/** A client of one etcd member: puts whose messages are encoded ahead, its status, and the transfer of leadership. */
import { moveLeaderRequest, PATH, putRequest, readStatus, statusRequest } from './etcd-messages.ts';
import { GrpcConnection } from './grpc-connection.ts';
import type { ConsensusClient, MemberStatus } from './group.ts';
import { PutCycle } from './puts.ts';

export class EtcdClient implements ConsensusClient {
  readonly #connections: readonly GrpcConnection[];
  readonly #puts = new PutCycle(putRequest);

  private constructor(connections: readonly GrpcConnection[]) {
    this.#connections = connections;
  }

  static async connect(port: number, connections: number): Promise<EtcdClient> {
    const opening = Array.from({ length: connections }, () => GrpcConnection.open(port, PATH.put));
    return new EtcdClient(await Promise.all(opening));
  }

  /** Resolves when the put is committed and applied. */
  async put(clientIndex: number): Promise<void> {
    await this.#connection(clientIndex).call(PATH.put, this.#puts.next());
  }

  async status(): Promise<MemberStatus> {
    return readStatus(await this.#connection(0).call(PATH.status, statusRequest()));
  }

  async transferLeadership(toId: string): Promise<void> {
    await this.#connection(0).call(PATH.moveLeader, moveLeaderRequest(toId));
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #connection(clientIndex: number): GrpcConnection {
    const found = this.#connections[clientIndex % this.#connections.length];
    if (found === undefined) throw new Error('a client without connections');
    return found;
  }
}
