/** Rows of `_schema` and `_cluster`: who the replica set is and who its members are. */
import { boxError, NIL_UUID } from '../../../base/index.ts';
import { anyRow, type SystemChangeHandler } from '../change.ts';
import type { Schema } from '../schema.ts';
import type { TupleReader } from '../tuple-reader.ts';

const SCHEMA_FIELD = { key: 0, value: 1 } as const;
const CLUSTER_FIELD = { id: 0, uuid: 1 } as const;
const REPLICA_COUNT_MAX = 32;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

export function schemaHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    const { newRow, context } = change;
    if ((newRow ?? anyRow(change)).string(SCHEMA_FIELD.key) !== 'cluster') return;
    if (newRow === null) throw boxError('REPLICASET_UUID_IS_RO');
    const former = schema.replicasetUuid;
    schema.replicasetUuid = readUuid(newRow, SCHEMA_FIELD.value);
    context.transactions.schemaChanged({
      rollback: () => {
        schema.replicasetUuid = former;
      },
    });
  };
}

export function clusterHandler(schema: Schema): SystemChangeHandler {
  const members = schema.ports.cluster;
  return ({ oldRow, newRow, context }) => {
    if (newRow !== null) {
      const id = checkedReplicaId(schema, newRow);
      const uuid = readUuid(newRow, CLUSTER_FIELD.uuid);
      if (uuid === NIL_UUID) throw boxError('INVALID_UUID', uuid);
      if (oldRow === null) {
        context.transactions.schemaChanged({ rollback: () => {}, commit: () => members?.registered(id, uuid) });
      } else if (readUuid(oldRow, CLUSTER_FIELD.uuid) !== uuid) {
        throw boxError('UNSUPPORTED', 'Space _cluster', 'updates of instance uuid');
      }
    } else if (oldRow !== null) {
      const id = checkedReplicaId(schema, oldRow);
      const uuid = readUuid(oldRow, CLUSTER_FIELD.uuid);
      context.transactions.schemaChanged({ rollback: () => {}, commit: () => members?.unregistered(id, uuid) });
    }
  };
}

function checkedReplicaId(schema: Schema, row: TupleReader): number {
  const id = row.unsigned(CLUSTER_FIELD.id);
  if (id === 0) throw boxError('REPLICA_ID_IS_RESERVED', id);
  if (id >= REPLICA_COUNT_MAX) throw boxError('REPLICA_MAX', id);
  if (id === schema.ports.cluster?.ownReplicaId) throw boxError('LOCAL_INSTANCE_ID_IS_READ_ONLY', id);
  return id;
}

function readUuid(row: TupleReader, fieldNo: number): string {
  const text = row.string(fieldNo);
  if (!UUID.test(text)) throw boxError('INVALID_UUID', text);
  return text.toLowerCase();
}
