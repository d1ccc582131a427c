/** All sessions of the instance. Ids are never used again. */
import { type SessionId, sessionId, userId } from '../../base/index.ts';
import { type AccessControl, type Credentials, USER_ID } from '../access/index.ts';
import { Session, type SessionKind } from './session.ts';

export type SessionTrigger = (session: Session) => void;

/** Told that somebody has logged in, before the session is theirs, or gave a wrong password. */
export type AuthenticationTrigger = (session: Session, userName: string, isAuthenticated: boolean) => void;

export class Sessions {
  readonly #access: AccessControl;
  readonly #open = new Map<SessionId, Session>();
  readonly onConnect: SessionTrigger[] = [];
  readonly onDisconnect: SessionTrigger[] = [];
  /** What one throws is the answer to the login. */
  readonly onAuthentication: AuthenticationTrigger[] = [];
  #nextId = 1;

  constructor(access: AccessControl) {
    this.#access = access;
  }

  get count(): number {
    return this.#open.size;
  }

  /** A session as guest, or as `user`. */
  open(kind: SessionKind, peer: string, user?: Credentials): Session {
    const credentials = user ?? this.#access.credentialsOf(userId(USER_ID.guest));
    const session = new Session(sessionId(this.#nextId++), kind, peer, credentials);
    this.#open.set(session.id, session);
    for (const trigger of this.onConnect) trigger(session);
    return session;
  }

  close(session: Session): void {
    if (!this.#open.delete(session.id)) return;
    for (const trigger of this.onDisconnect) trigger(session);
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#open.values();
  }
}
