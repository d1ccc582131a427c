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
  /** Of its socket; -1 where there is none. */
  descriptor = -1;
  /** Who logged in. */
  user: Credentials;
  /** As whom it acts. */
  effectiveUser: Credentials;
  /** Rows of `_session_settings` that have been changed, by name. */
  readonly settings: Map<string, boolean | string>;
  /** What procedures keep for the session's life. */
  readonly storage: Record<string, unknown>;

  constructor(id: SessionId, kind: SessionKind, peer: string, user: Credentials, shared: Session | null = null) {
    this.settings = shared === null ? new Map<string, boolean | string>() : shared.settings;
    this.storage = shared === null ? {} : shared.storage;
    this.id = id;
    this.kind = kind;
    this.peer = peer;
    this.user = user;
    this.effectiveUser = user;
  }

  /**
   * The session as code sees it that runs with another user's rights. A view of its own, because requests of the
   * session that run meanwhile keep theirs; everything else is shared.
   */
  actingAs(user: Credentials): Session {
    const view = new Session(this.id, this.kind, this.peer, this.user, this);
    view.effectiveUser = user;
    view.descriptor = this.descriptor;
    return view;
  }

  /** Takes another user for the rest of the session's life, as AUTH does. */
  login(user: Credentials): void {
    this.user = user;
    this.effectiveUser = user;
  }
}
