/** What happens between the start of a member in a directory that is not trusted and the moment in which it takes part. */
import { BoxError, clusterError } from '../../base/index.ts';
import { FileError, Logger } from '../../env/index.ts';
import type { Doubt, MemberDirectory, NewestTerm } from './directory.ts';
import { durable } from './establishing.ts';
import { Hearing, type HearingNeeds } from './hearing.ts';
import type { Sender } from './message-codec.ts';

export type AdmissionNeeds = HearingNeeds & Readonly<{ dataDir: string; directory: MemberDirectory }>;

const RETRY_MS = 1000;

/** What to do about a member that the others do not believe. */
export function adviceFor(id: number): string {
  return (
    `if member ${id} runs in another directory, leave this one alone; ` +
    `else expel member ${id}, and let this instance join anew with an empty directory and another id`
  );
}

/**
 * Resolves when the directory is trusted, or the instance is stopped. Rejects with INSTANCE_EXPELLED when the other voters do
 * not believe it.
 */
export async function admit(needs: AdmissionNeeds, sender: Sender, doubt: Exclude<Doubt, null>): Promise<void> {
  const { env, dataDir, options, directory, isStopped } = needs;
  new Logger(env.log, 'raft').info(
    doubt === 'new'
      ? 'this member is new: it takes part when all founding members have been heard'
      : `the directory ${dataDir} was moved or restored: the other voters are asked whether its log is whole`,
  );
  const hearing = new Hearing(needs, sender, doubt === 'new');
  const refusal = await hearing.verify();
  if (isStopped()) return;
  if (refusal === null) return trust(needs, hearing.newest);
  const reason = `${refusal.reason}; ${adviceFor(options.id)}`;
  if (refusal.isLasting) await keep(() => durable(directory.refuse(reason)));
  throw clusterError('INSTANCE_EXPELLED', reason);
}

/** A disk that is full or fails is waited for. */
async function trust({ env, directory, isStopped }: AdmissionNeeds, newest: NewestTerm): Promise<void> {
  let wasTold = false;
  for (;;) {
    const error = await keep(() => durable(directory.trust(newest)));
    if (error === null || isStopped()) return;
    if (!wasTold)
      new Logger(env.log, 'raft').error(`this member waits, for its directory cannot be written: ${error.message}`);
    wasTold = true;
    await env.timers.sleep(RETRY_MS);
  }
}

/** Null: it is on disk. Else why it is not. */
async function keep(write: () => Promise<void>): Promise<BoxError | FileError | null> {
  try {
    await write();
    return null;
  } catch (error) {
    if (error instanceof BoxError || error instanceof FileError) return error;
    throw error;
  }
}
