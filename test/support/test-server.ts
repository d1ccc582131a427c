/** What the tests know of a running server, whichever program it is. */

/** `open`: guest may do everything. `closed`: guest has Tarantool's own rights, admin has a password. */
export type Trust = 'open' | 'closed';

/** The password of user admin on a closed server. */
export const ADMIN_PASSWORD = 'conformance';

export type TestServer = Readonly<{
  name: string;
  pid: number;
  port: number;
  directory: string;
  log: () => string;
  /** Ends the process and removes its directory. */
  stop: () => Promise<void>;
}>;
