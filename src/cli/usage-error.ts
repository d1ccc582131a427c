/** A command that was called in a wrong way. The message is one line that names the flag, variable, key or file. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
