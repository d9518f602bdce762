/** What an operator's dashboard reads. Each bot has a registry of its own. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Flow } from './flow/deps.ts';

export type Metrics = { readonly registry: Registry; readonly sweeps: Counter<'kind' | 'outcome'> };

export function makeMetrics(flow: Pick<Flow, 'ledger'>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'prod_access_unfinished',
    help: 'Accesses to which the world still owes something.',
    registers: [registry],
    async collect() {
      const ids = await flow.ledger.unfinished().catch(() => undefined);
      this.set(ids?.length ?? Number.NaN);
    },
  });
  new Gauge({
    name: 'prod_access_trail_seq',
    help: 'Number of the last entry of the present chain.',
    registers: [registry],
    async collect() {
      const head = await flow.ledger.head().catch(() => undefined);
      this.set(head?.seq ?? Number.NaN);
    },
  });
  const sweeps = new Counter({
    name: 'prod_access_sweeps_total',
    help: 'Passes of the sweep.',
    labelNames: ['kind', 'outcome'] as const,
    registers: [registry],
  });
  return { registry, sweeps };
}
