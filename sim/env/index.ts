/** The simulated implementation of all ports, under one seed. */
export type { FaultEffect, FileFault, FileOperation } from './file-faults.ts';
export { FileFaults } from './file-faults.ts';
export { SimulatedHost, type HostOptions, type LogRecord } from './host.ts';
export { SimulatedAbort } from './instance.ts';
export { SimulatedInternet } from './internet.ts';
export { TURN_MS } from './thread.ts';
export { SimulatedWorld, type WorkerEntry, type WorldOptions } from './world.ts';
