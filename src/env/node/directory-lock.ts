/**
 * A lock of a directory for one process: the file `picodata.lock` names its holder by process id, start time and boot.
 *
 * Guarantees: of any number of processes of this machine that lock at the same time at most one succeeds, and a lock
 * left by a dead process is in nobody's way. Node offers no locks of the kernel, so:
 * - a lock file appears with its content at once, by a hard link, which fails where one exists;
 * - a dead holder's file is replaced only by who has announced to do so in a claim file and found no other living
 *   claimant afterwards. Two that claim at the same time see each other; both step back and try again later.
 * A holder in another process namespace or on another machine cannot be seen and counts as dead.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as nodePath from 'node:path';
import type { DirectoryLock } from '../index.ts';

const LOCK_NAME = 'picodata.lock';
const CLAIM_PREFIX = `${LOCK_NAME}.claim-`;
const ATTEMPTS = 20;
const LONGEST_PAUSE_MS = 30;

type Outcome = 'locked' | 'held' | 'contended';

/** null if a living process, this one included, holds the lock. Throws the errors of node:fs. */
export function lockDirectory(directory: string): DirectoryLock | null {
  const identity = identityOf(process.pid);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = tryLock(directory, identity);
    if (outcome === 'held') return null;
    if (outcome === 'locked') return heldLock(nodePath.join(directory, LOCK_NAME), identity);
    pause(1 + (randomBytes(1)[0]! * LONGEST_PAUSE_MS) / 256);
  }
  return null;
}

function heldLock(path: string, identity: string): DirectoryLock {
  let isReleased = false;
  return {
    release() {
      if (isReleased) return;
      isReleased = true;
      if (readHolder(path) === identity) fs.rmSync(path, { force: true });
    },
  };
}

function tryLock(directory: string, identity: string): Outcome {
  const path = nodePath.join(directory, LOCK_NAME);
  if (createExclusively(directory, path, identity)) return 'locked';
  const holder = readHolder(path);
  if (holder === null) return 'contended';
  if (isAlive(holder)) return 'held';
  const claimName = `${CLAIM_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`;
  const claimPath = nodePath.join(directory, claimName);
  if (!createExclusively(directory, claimPath, identity)) return 'contended';
  try {
    if (hasOtherClaimant(directory, claimName)) return 'contended';
    // Alone now: whoever claims later sees this claim. The holder may have changed before that.
    const current = readHolder(path);
    if (current !== null && isAlive(current)) return 'held';
    if (current === null) return 'contended';
    replace(directory, path, identity);
    return 'locked';
  } finally {
    fs.rmSync(claimPath, { force: true });
  }
}

/** Makes the file with its content in one step; false if it is there. */
function createExclusively(directory: string, path: string, content: string): boolean {
  const draft = writeDraft(directory, content);
  try {
    fs.linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

function replace(directory: string, path: string, content: string): void {
  fs.renameSync(writeDraft(directory, content), path);
}

function writeDraft(directory: string, content: string): string {
  const draft = nodePath.join(directory, `${LOCK_NAME}.draft-${process.pid}-${randomBytes(6).toString('hex')}`);
  fs.writeFileSync(draft, content, { flag: 'wx' });
  return draft;
}

/** Whether a living process other than the owner of `ownName` claims; dead claims are swept away. */
function hasOtherClaimant(directory: string, ownName: string): boolean {
  let isFound = false;
  for (const name of fs.readdirSync(directory)) {
    if (!name.startsWith(CLAIM_PREFIX) || name === ownName) continue;
    const path = nodePath.join(directory, name);
    const claimant = readHolder(path);
    if (claimant === null) continue;
    if (isAlive(claimant)) isFound = true;
    else fs.rmSync(path, { force: true });
  }
  return isFound;
}

/** The content of a lock or claim file; null if there is none. */
function readHolder(path: string): string | null {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** An identity that does not read as one, as a power cut may leave it, belongs to nobody alive. */
function isAlive(identity: string): boolean {
  const [pidText] = identity.split(' ');
  const pid = Number(pidText);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  return identityOf(pid) === identity;
}

/** `pid start boot`, so that a number used again is another process. Parts that the system does not tell are `-`. */
function identityOf(pid: number): string {
  const bootId = readLine('/proc/sys/kernel/random/boot_id');
  const statusLine = readLine(`/proc/${pid}/stat`);
  if (statusLine !== null) {
    // The name of the program, in parentheses, may hold anything; state and start time are fields 3 and 22.
    const fields = statusLine.slice(statusLine.lastIndexOf(')') + 2).split(' ');
    const isGone = fields[0] === 'Z' || fields[0] === 'X';
    return isGone ? 'gone' : `${pid} ${fields[19] ?? '-'} ${bootId ?? '-'}\n`;
  }
  if (bootId !== null) return 'gone';
  return doesProcessExist(pid) ? `${pid} - -\n` : 'gone';
}

function readLine(path: string): string | null {
  try {
    return fs.readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** For systems without /proc. A process that we may not signal exists. */
function doesProcessExist(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Locking happens at start, before anything else runs: the thread may wait. */
function pause(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}
