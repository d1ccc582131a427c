/** Whether this instance may write, as far as the queue says. */
import type { WriteBarrier } from './messages.ts';
import { NOBODY } from './ownership.ts';
import type { QueueState } from './queue-state.ts';

export type BarrierView = Readonly<{
  state: QueueState;
  selfId: number;
  electionTerm: number;
  /** This instance owns the queue and is sure of it. */
  decides: boolean;
  /** A PROMOTE or DEMOTE is being written. */
  isTransferring: boolean;
}>;

export function writeBarrier(view: BarrierView): WriteBarrier {
  const { selfId } = view;
  const { ownership, queue } = view.state;
  const { ownerId, isImplicit, term } = ownership;
  if (isImplicit) return ownerId !== selfId && !queue.isEmpty ? 'foreignQueue' : 'none';
  if (ownerId !== NOBODY && ownerId !== selfId) return 'foreignOwner';
  if (view.electionTerm > term) return 'frozen';
  if (ownerId === NOBODY) return 'unclaimed';
  return view.decides && !view.isTransferring ? 'none' : 'frozen';
}
