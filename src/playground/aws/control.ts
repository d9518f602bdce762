/**
 * The look-alike's own knobs over HTTP, for a test in another process: `POST /_control/<command>` with JSON.
 * `roles`, `counts` and `requests` answer what their functions do and take no body.
 */
import { z } from 'zod';
import { AwsError, validationError } from './errors.ts';
import type { Fault } from './faults.ts';
import type { Answer } from './handle-call.ts';
import type { LoggedRequest } from './request-log.ts';
import type { RoleView } from './role-view.ts';

/** Inspecting and steering the look-alike. Documents are policy documents as objects; bad ones throw `AwsError`. */
export type Controls = {
  /** By name. What was written last, whether it has effect yet or not. */
  roles(): readonly RoleView[];
  /** Authenticated calls by action, refused ones included. */
  counts(): Readonly<Record<string, number>>;
  /** The newest thousand, oldest first. */
  requests(): readonly LoggedRequest[];
  inject(fault: Fault): void;
  /** Has effect at once. */
  setBotPolicy(document: unknown): void;
  /** Has effect at once. */
  addManagedPolicy(arn: string, document: unknown): void;
  /** Guards `arn` and what lies below it, `arn/…`. Has effect at once. */
  addResourcePolicy(arn: string, document: unknown): void;
  /** Moves the look-alike's clock forward. */
  advance(ms: number): void;
  /** Back to the state at start, the clock apart. */
  reset(): void;
};

const policyOfArn = z.strictObject({ arn: z.string(), document: z.unknown() });
const fault = z.strictObject({
  action: z.string(),
  error: z.string(),
  times: z.int().positive().default(1),
  when: z.enum(['before', 'after']).default('before'),
});

const commands: Readonly<Record<string, (controls: Controls, body: unknown) => unknown>> = {
  roles: (controls) => controls.roles(),
  counts: (controls) => controls.counts(),
  requests: (controls) => controls.requests(),
  inject: (controls, body) => controls.inject(fault.parse(body)),
  'bot-policy': (controls, body) =>
    controls.setBotPolicy(z.strictObject({ document: z.unknown() }).parse(body).document),
  'managed-policy': (controls, body) => {
    const { arn, document } = policyOfArn.parse(body);
    controls.addManagedPolicy(arn, document);
  },
  'resource-policy': (controls, body) => {
    const { arn, document } = policyOfArn.parse(body);
    controls.addResourcePolicy(arn, document);
  },
  advance: (controls, body) => controls.advance(z.strictObject({ ms: z.number().positive() }).parse(body).ms),
  reset: (controls) => controls.reset(),
};

export function handleControl(controls: Controls, name: string, body: string): Answer {
  const contentType = 'application/json';
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw validationError(`Commands are ${Object.keys(commands).join(', ')}`);
    const result = command(controls, body === '' ? undefined : JSON.parse(body));
    return { status: 200, contentType, body: JSON.stringify(result ?? { ok: true }) };
  } catch (error) {
    const known = error instanceof AwsError || error instanceof z.ZodError || error instanceof SyntaxError;
    if (!known) throw error;
    return { status: 400, contentType, body: JSON.stringify({ error: error.message }) };
  }
}
