export * from './election.ts';
export * from './messages.ts';
