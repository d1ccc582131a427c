/** A promise was broken: what was seen is not what the history of the run allows. */
export class ViolationError extends Error {
  override readonly name = 'ViolationError';
}
