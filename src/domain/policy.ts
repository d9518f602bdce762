/**
 * The policy: who may ask for what, who decides, and for how long. This file is the format and its meaning; reading
 * YAML and finding line and column is the adapter's.
 *
 * Strict on purpose: an unknown key, a dangling name and a part that this version does not enforce are errors, so
 * that nobody relies on a line that does nothing.
 */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { durationForm, parseDuration } from './duration.ts';
import { egressLine, environment, forwardLine } from './egress.ts';
import { hoursForm, parseHours } from './hours.ts';
import { imageForm, isImage } from './image.ts';
import { nameFlaws } from './policy-names.ts';

const subcommands = ['list', 'status', 'done', 'extend', 'revoke', 'help'];
const sizeUnits = { Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 } as const;

const duration = z.string().transform((text, ctx) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  ctx.addIssue({ code: 'custom', message: `"${text}" is not a duration: write ${durationForm}` });
  return z.NEVER;
});

const size = z.string().transform((text, ctx) => {
  const match = /^([1-9][0-9]{0,6})(Ki|Mi|Gi)$/.exec(text);
  if (match !== null) return Number(match[1]) * sizeUnits[match[2] as keyof typeof sizeUnits];
  ctx.addIssue({
    code: 'custom',
    message: `"${text}" is not a size: write a whole number and Ki, Mi or Gi, such as 512Mi`,
  });
  return z.NEVER;
});

const hours = z.string().transform((text, ctx) => {
  const parsed = parseHours(text);
  if (parsed !== undefined) return parsed;
  ctx.addIssue({ code: 'custom', message: `"${text}" is not a weekly span: write it ${hoursForm}` });
  return z.NEVER;
});

const ticketPattern = z.string().transform((text, ctx) => {
  try {
    new RegExp(text, 'u');
    return text;
  } catch (error) {
    ctx.addIssue({ code: 'custom', message: `"${text}" is not a regular expression: ${String(error)}` });
    return z.NEVER;
  }
});

/** A part of the format that a later version will enforce. */
const later = (what: string, why = '') =>
  z
    .undefined(`this version does not enforce ${what} yet${why}; remove it, so that nobody relies on it`)
    .optional();

/**
 * All problems are reported at once, so the rules that span several parts are held against a flawed document too; they
 * must not rely on its shape.
 */
const evenIfFlawed = {
  when: ({ value }: { readonly value: unknown }) => typeof value === 'object' && value !== null,
};

const slackUser = z
  .string()
  .regex(
    /^[UW][A-Z0-9]{2,20}$/,
    'must be a Slack user id such as U0LEAD1, never a name or an e-mail address',
  );
const slackChannel = z
  .string()
  .regex(/^[CG][A-Z0-9]{2,20}$/, 'must be a Slack channel id such as C0AUDIT, not its name');
const groupName = z
  .string()
  .regex(/^[a-z0-9-]{1,60}$/, 'must be the name of a group: lower-case letters, digits and dashes');
const targetName = z
  .string()
  .regex(/^[a-z0-9-]{1,60}$/, 'must be lower-case letters, digits and dashes')
  .refine(
    (name) => !subcommands.includes(name),
    `must not be one of the subcommands ${subcommands.join(', ')}`,
  );
const because = z.string().min(1).max(300);

const group = z
  .strictObject({
    users: z.array(slackUser).min(1).optional(),
    usergroup: z
      .string()
      .regex(/^S[A-Z0-9]{2,20}$/, 'must be a Slack user group id such as S0PAY')
      .optional(),
  })
  .refine(
    (each) => (each.users === undefined) !== (each.usergroup === undefined),
    'must have either users or usergroup',
  );

const awsGrant = z.strictObject({
  account: z.string().regex(/^[0-9]{12}$/, 'must be twelve digits in quotes'),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, 'must be a region such as eu-west-1'),
  boundary: z
    .string()
    .regex(/^arn:aws[a-z-]*:iam::[0-9]{12}:policy\/.+$/, 'must be the ARN of a managed policy'),
  managed: z
    .array(
      z
        .string()
        .regex(/^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy\/.+$/, 'must be the ARN of a managed policy'),
    )
    .max(10, 'at most 10 managed policies can be attached to a role')
    .default([]),
  policy: z.record(z.string(), z.json()).optional(),
  assume: later('grants in another account'),
  sources: later('sources'),
});

const sandbox = z.strictObject({
  memory: size.default(512 * 1024 ** 2),
  cpus: z.number().positive().max(64).default(1),
  processes: z.int().min(8).max(100_000).default(256),
  disk: size.default(256 * 1024 ** 2),
  image: z.string().refine(isImage, `must name the image by its digest: ${imageForm}`).optional(),
  /** A terminal into which nothing was typed for this long is closed. */
  idle: duration.default(30 * 60_000),
  /** Whether keystrokes are recorded beside what the terminal shows. Off: people type secrets. */
  record_input: z.boolean().default(false),
  /** Bytes that may leave by downloads in one access, all together. Left out: none may. */
  download: size.optional(),
  environment,
  egress: z.array(egressLine).max(100).default([]),
  forwards: z.array(forwardLine).max(20).default([]).superRefine(refuseTwins),
});

/** Two forwards cannot have one name, nor listen on one port. */
function refuseTwins(
  forwards: readonly { readonly name: string; readonly listen: number }[],
  ctx: z.RefinementCtx,
): void {
  for (const [index, { name, listen }] of forwards.entries()) {
    const earlier = forwards.slice(0, index);
    const issue = (key: string, message: string): void =>
      ctx.addIssue({ code: 'custom', path: [index, key], message });
    if (earlier.some((each) => each.name === name)) issue('name', `"${name}" is used twice`);
    if (earlier.some((each) => each.listen === listen)) issue('listen', `port ${listen} is used twice`);
  }
}

const target = z
  .strictObject({
    name: z.string().min(1).max(100).optional(),
    requesters: z.array(groupName).min(1),
    /** May watch sessions live and replay them, beside the approvers. */
    reviewers: z.array(groupName).default([]),
    approvers: z
      .array(z.strictObject({ from: z.array(groupName).min(1), count: z.int().min(1).max(20).default(1) }))
      .min(1, 'must name at least one line of approvers'),
    duration: z.strictObject({ default: duration, max: duration, total: duration.optional() }),
    expires: duration.default(8 * 3_600_000),
    reason: z
      .strictObject({ min: z.int().min(1).max(500).default(10), ticket: ticketPattern.optional() })
      .prefault({}),
    grant: z.strictObject({ aws: awsGrant }),
    sandbox: sandbox.prefault({}),
  })
  .superRefine((each, ctx) => {
    const { default: usual, max, total } = each.duration ?? {};
    if (typeof max !== 'number') return;
    if (typeof usual === 'number' && usual > max)
      ctx.addIssue({ code: 'custom', path: ['duration', 'default'], message: 'must not be longer than max' });
    if (typeof total === 'number' && total < max)
      ctx.addIssue({ code: 'custom', path: ['duration', 'total'], message: 'must not be shorter than max' });
  }, evenIfFlawed);

const targetList = z.array(z.union([z.literal('*'), targetName])).min(1);

const denyRule = z.strictObject({
  targets: targetList,
  requesters: z.array(groupName).min(1).optional(),
  when: z
    .strictObject({
      hours: hours.optional(),
      max: z.undefined('bounds what an approve rule approves; a deny rule has no max').optional(),
    })
    .optional(),
  because,
});

const approveRule = z.strictObject({
  targets: targetList,
  requesters: z.array(groupName).min(1, 'must name whom the rule approves'),
  when: z.strictObject({ hours: hours.optional(), max: duration.optional() }).optional(),
  because,
});

const rule = z
  .strictObject({ deny: denyRule.optional(), approve: approveRule.optional() })
  .refine(
    (each) => (each.deny === undefined) !== (each.approve === undefined),
    'must be either deny or approve',
  );

export const policySchema = z
  .strictObject({
    version: z.literal(1, 'must be 1'),
    channels: z.strictObject({ audit: slackChannel, approvals: slackChannel }),
    groups: z.record(groupName, group),
    targets: z.record(targetName, target),
    rules: z.array(rule).default([]),
    break_glass: later('break_glass'),
  })
  .superRefine((policy, ctx) => {
    // What was refused for its own name is not there to be named: that the others dangle is only a consequence.
    const misnamed = ctx.issues.filter(({ code }) => code === 'invalid_key').map(({ path }) => path?.[0]);
    for (const { kind, path, message } of nameFlaws(policy)) {
      if (!misnamed.includes(kind)) ctx.addIssue({ code: 'custom', path: [...path], message });
    }
    const { audit, approvals } = policy.channels ?? {};
    if (audit !== undefined && audit === approvals) {
      ctx.addIssue({
        code: 'custom',
        path: ['channels', 'audit'],
        message: 'must not be the approvals channel',
      });
    }
  }, evenIfFlawed);

export type PolicyDocument = z.output<typeof policySchema>;
export type Target = PolicyDocument['targets'][string];
export type ApproverLine = Target['approvers'][number];
export type DenyRule = NonNullable<PolicyDocument['rules'][number]['deny']>;
export type ApproveRule = NonNullable<PolicyDocument['rules'][number]['approve']>;

/** A policy in force. `hash` is the hex SHA-256 of the file's bytes: it stands in every entry that it decided. */
export type Policy = PolicyDocument & { readonly hash: string };

/** The target of that name; an inherited property is none. */
export function targetOf(policy: Policy, name: string): Target | undefined {
  return Object.hasOwn(policy.targets, name) ? policy.targets[name] : undefined;
}

/**
 * Hex SHA-256 of what would be granted: the grant and sandbox parts of a target. Approvers approve these terms, so an
 * access whose target's terms changed since it was asked for is not granted.
 */
export function termsOf(each: Target): string {
  const text = canonicalize({ grant: each.grant, sandbox: each.sandbox });
  return createHash('sha256')
    .update(text ?? '', 'utf8')
    .digest('hex');
}

/** The target on the terms that were approved; undefined where the policy no longer names it, or grants another thing. */
export function approvedTarget(
  policy: Policy,
  { target, terms }: { readonly target: string; readonly terms: string },
): Target | undefined {
  const today = targetOf(policy, target);
  return today !== undefined && termsOf(today) === terms ? today : undefined;
}

/** Every group that the policy names for this target, so that the directory can be asked for all at once. */
export function groupsOf(policy: Policy, name: string): readonly string[] {
  const each = targetOf(policy, name);
  const ruled = policy.rules.flatMap(({ deny, approve }) => {
    const body = deny ?? approve;
    return body?.targets.some((one) => one === '*' || one === name) ? (body.requesters ?? []) : [];
  });
  return [
    ...new Set([
      ...(each?.requesters ?? []),
      ...(each?.reviewers ?? []),
      ...(each?.approvers.flatMap((line) => line.from) ?? []),
      ...ruled,
    ]),
  ];
}

/** The JSON Schema of the file as it is written, for editors. */
export function policyJsonSchema(): unknown {
  return z.toJSONSchema(policySchema, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' });
}
