/** What a sandbox of this access is to be. */
import type { Target } from '../domain/policy.ts';
import type { Request } from '../domain/request.ts';
import type { SandboxSpec } from '../ports/sandboxes.ts';

export function sandboxSpecOf(
  install: string,
  request: Request,
  target: Target,
  deadline: number,
): SandboxSpec {
  const { memory, cpus, processes, disk } = target.sandbox;
  return {
    labels: { install, access: request.id, requester: request.requester.id, target: request.target },
    limits: { memoryBytes: memory, cpus, processes, diskBytes: disk },
    listeners: [],
    environment: {},
    deadline,
  };
}
