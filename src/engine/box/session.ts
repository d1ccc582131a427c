/** A session: who speaks to the instance, through which door, and what is kept for it. */
import type { SessionId } from '../../base/index.ts';
import type { Credentials } from '../access/index.ts';

/** As `box.session.type()` names them. */
export type SessionKind = 'binary' | 'console' | 'repl' | 'background' | 'applier';

export class Session {
  readonly id: SessionId;
  readonly kind: SessionKind;
  /** host:port of the peer, '' for sessions without one. */
  readonly peer: string;
  /** Who logged in. */
  user: Credentials;
  /** As whom it acts: another one inside `su` and set-uid functions. */
  effectiveUser: Credentials;
  /** Rows of `_session_settings` that have been changed, by name. */
  readonly settings = new Map<string, boolean | string>();
  /** What procedures keep for the session's life. */
  readonly storage: Record<string, unknown> = {};

  constructor(id: SessionId, kind: SessionKind, peer: string, user: Credentials) {
    this.id = id;
    this.kind = kind;
    this.peer = peer;
    this.user = user;
    this.effectiveUser = user;
  }

  /** Takes another user for the rest of the session's life, as AUTH does. */
  login(user: Credentials): void {
    this.user = user;
    this.effectiveUser = user;
  }
}
