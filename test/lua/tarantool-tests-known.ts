/** Tarantool's own test scripts that do not pass here, and why. Those that 2.6.0 does not pass either are not listed. */
const SQL = 'there is no SQL';

export const KNOWN_FAILURES: Readonly<Record<string, string>> = {
  'app-tap/console': 'a console shows no messages of `box.session.push`',
  'app-tap/logger': '`log.cfg` takes no place for the log, only `box.cfg` does',
  'app-tap/logger_pipe': 'the log goes to no pipe',
  'app-tap/popen': 'calls `kill` of C through ffi',
  'app-tap/snapshot': 'a snapshot whose file somebody has removed is not written again while nothing has changed',
  'box-tap/cfg': '`box.session` is not there before `box.cfg`, and directories of log and snapshots are one',
  'box-tap/extended_error': 'errors as values of answers are their texts, whatever `error_marshaling_enabled` says',
  'box-tap/feedback_daemon': 'nothing is reported to anybody',
  'box-tap/gh-4231-box-execute-idempotence': SQL,
  'box-tap/gh-4231-box-execute-locking': SQL,
  'box-tap/gh-4785-syslog': 'no datagram sockets of Unix: Node has none',
  'box-tap/key_def': 'asks ffi for the type of a key_def',
  'box-tap/merger': 'calls functions inside of msgpackffi that no document names',
  'box-tap/schema_mt': 'makes a vinyl space',
};
