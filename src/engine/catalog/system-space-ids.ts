/** Ids of the spaces that hold the schema, as Tarantool 2.6.0 numbers them. */
export const SYSTEM_SPACE = {
  vinylDeferredDelete: 257,
  schema: 272,
  collation: 276,
  collationView: 277,
  space: 280,
  spaceView: 281,
  sequence: 284,
  sequenceData: 285,
  sequenceView: 286,
  index: 288,
  indexView: 289,
  function: 296,
  functionView: 297,
  user: 304,
  userView: 305,
  privilege: 312,
  privilegeView: 313,
  cluster: 320,
  trigger: 328,
  truncate: 330,
  spaceSequence: 340,
  foreignKey: 356,
  check: 364,
  functionIndex: 372,
  sessionSettings: 380,
} as const;
export type SystemSpaceId = (typeof SYSTEM_SPACE)[keyof typeof SYSTEM_SPACE];

/** By view: the space whose rows it shows, as far as the reader may see them. */
const BASE_OF_VIEW: ReadonlyMap<number, SystemSpaceId> = new Map<number, SystemSpaceId>([
  [SYSTEM_SPACE.collationView, SYSTEM_SPACE.collation],
  [SYSTEM_SPACE.spaceView, SYSTEM_SPACE.space],
  [SYSTEM_SPACE.sequenceView, SYSTEM_SPACE.sequence],
  [SYSTEM_SPACE.indexView, SYSTEM_SPACE.index],
  [SYSTEM_SPACE.functionView, SYSTEM_SPACE.function],
  [SYSTEM_SPACE.userView, SYSTEM_SPACE.user],
  [SYSTEM_SPACE.privilegeView, SYSTEM_SPACE.privilege],
]);

/** Id of the space that the view shows; null if the id is not that of a view. */
export function baseOfView(spaceId: number): SystemSpaceId | null {
  return BASE_OF_VIEW.get(spaceId) ?? null;
}
