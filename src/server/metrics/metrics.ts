/** The metrics of an instance as one text, the same for the same facts. */
import { consensusFamilies } from './consensus-families.ts';
import type { InstanceFacts } from './facts.ts';
import { instanceFamilies } from './instance-families.ts';
import { replicationFamilies } from './replication-families.ts';
import { formatMetrics } from './text-format.ts';

export function renderMetrics(facts: InstanceFacts): string {
  return formatMetrics([...instanceFamilies(facts), ...replicationFamilies(facts), ...consensusFamilies(facts)]);
}
