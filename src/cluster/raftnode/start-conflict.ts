/** What an instance is told about its group cannot be, or does not fit what is in its directory. */
export class StartConflict extends Error {
  override readonly name = 'StartConflict';
}
