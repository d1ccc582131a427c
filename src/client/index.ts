export { formatAddress, parseAddress } from './address.ts';
export {
  connect,
  Connection,
  type ConnectionState,
  type RawHandlers,
  type RawResponse,
  type StateListener,
} from './connection.ts';
export { FIRST_FREE_SYNC, Link, openLink, type BinaryGreeting, type LinkHandlers, type LinkOptions } from './link.ts';
export { resolveConnectOptions, type ClientEnv, type ConnectOptions, type ResolvedConnectOptions } from './options.ts';
export { connectPool, ConnectionPool, type PoolOptions } from './pool.ts';
export { RemoteSchema, type NameOrId, type RemoteField, type RemoteIndex, type RemoteSpace } from './remote-schema.ts';
export type {
  CallOptions,
  IndexOptions,
  RequestOptions,
  SelectOptions,
  Tuple,
  UpdateOperation,
} from './request-types.ts';
export { Requests } from './requests.ts';
export {
  defineSpace,
  type FieldDefinition,
  type FieldTypeName,
  type FieldValue,
  type IndexName,
  type KeyOf,
  type NewRow,
  type ObjectRow,
  type PartialKeyOf,
  RowCodec,
  type SpaceDefinition,
  type TupleRow,
} from './space-definition.ts';
export { TransactionStream, type BeginOptions } from './transaction-stream.ts';
export { TypedSpace, type TypedOperation } from './typed-space.ts';
export { type WatchCallback, type Watcher } from './watchers.ts';
