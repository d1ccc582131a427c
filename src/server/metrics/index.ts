export type { InstanceFacts, InstanceIdentity } from './facts.ts';
export { renderMetrics } from './metrics.ts';
export { TEXT_FORMAT_CONTENT_TYPE } from './text-format.ts';
