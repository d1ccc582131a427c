/** The system's clocks. Real time has the steps of the fine clock, and follows the system's when that is set. */
import type { Clock } from '../index.ts';

/** How far the two clocks may drift apart before real time is taken anew; above the step of `Date.now`. */
const RESYNC_MS = 2;

export function createClock(): Clock {
  let offsetMs = Date.now() - performance.now();
  return {
    realtimeSeconds() {
      const fineMs = offsetMs + performance.now();
      const systemMs = Date.now();
      if (Math.abs(systemMs - fineMs) <= RESYNC_MS) return fineMs / 1000;
      offsetMs += systemMs - fineMs;
      return systemMs / 1000;
    },
    monotonicMs() {
      return performance.now();
    },
  };
}
