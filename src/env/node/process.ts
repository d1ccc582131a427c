/** This process: signals, memory, and the way out when an invariant is broken. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as v8 from 'node:v8';
import type { ProcessControl } from '../index.ts';

const STANDARD_ERROR = 2;

export function createProcessControl(): ProcessControl {
  return {
    pid: process.pid,
    hostName: () => os.hostname(),
    userId: () => process.geteuid?.() ?? 0,
    setTitle(title) {
      process.title = title;
    },
    processorSeconds() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
    localOffsetSeconds: (realtimeSeconds) => -60 * new Date(realtimeSeconds * 1000).getTimezoneOffset(),
    onSignal(signal, handler) {
      process.on(signal, () => handler());
    },
    memoryUsage: () => {
      const heap = v8.getHeapStatistics();
      return {
        residentBytes: process.memoryUsage.rss(),
        heapBytes: heap.used_heap_size,
        heapBytesMax: heap.heap_size_limit,
      };
    },
    abort(reason) {
      try {
        fs.writeSync(STANDARD_ERROR, `aborted: ${reason}\n`);
      } finally {
        process.abort();
      }
    },
  };
}
