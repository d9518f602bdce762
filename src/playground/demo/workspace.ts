/** Who works in the demo's workspace, in which channels, and under which policy. Plain data; the bot reads the policy. */
import type { Seed } from '../slack/seed.ts';

export const channels = { general: 'C0GENERAL', approvals: 'C0APPROVE', audit: 'C0AUDIT' } as const;

/** Who asks in the story of the forged approval. */
export const mal = 'U0MAL';

const staff = [
  { id: 'U0ANA', name: 'ana', real_name: 'Ana Torres', work: 'payments engineer' },
  { id: 'U0BEN', name: 'ben', real_name: 'Ben Okafor', work: 'payments engineer, on call' },
  { id: mal, name: 'mal', real_name: 'Mal Quinn', work: 'payments engineer, up to no good' },
  { id: 'U0LEA', name: 'lea', real_name: 'Lea Brandt', work: 'payments lead, approver' },
  { id: 'U0LEO', name: 'leo', real_name: 'Leo Marchetti', work: 'payments lead, second approver' },
  { id: 'U0SEC', name: 'sena', real_name: 'Sena Aksoy', work: 'security' },
  { id: 'U0ODO', name: 'odo', real_name: 'Odo Lind', work: 'marketing' },
  { id: 'U0GUEST', name: 'gus', real_name: 'Gus Varga', work: 'guest', is_restricted: true },
] as const;

/** What the page says of each person, by id. */
export const workOf: Readonly<Record<string, string>> = Object.fromEntries(
  staff.map(({ id, work }) => [id, work]),
);

export const seed: Seed = {
  team: { name: 'Playground', domain: 'playground' },
  people: staff.map(({ work: _, ...person }) => person),
  channels: [
    {
      id: channels.general,
      name: 'general',
      topic: 'Anything. Slash commands work everywhere.',
      members: staff.map(({ id }) => id),
    },
    { id: channels.approvals, name: 'prod-approvals', topic: 'Requests for production wait here' },
    { id: channels.audit, name: 'prod-audit', topic: 'Everything that happened, in order' },
  ],
  usergroups: [
    { id: 'S0PAY', handle: 'payments', name: 'Payments', users: ['U0ANA', 'U0BEN', mal, 'U0GUEST'] },
  ],
};

export const account = '123456789012';
export const boundary = `arn:aws:iam::${account}:policy/prod-access-boundary`;

/** Denies what `doctor` looks for; a real one also denies what real services offer besides: docs/aws-setup.md. */
export const boundaryDocument = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: '*', Resource: '*' },
    {
      Effect: 'Deny',
      Action: [
        ...['sts:Assume*', 'sts:Get*Token', 'iam:A*', 'iam:C*', 'iam:D*', 'iam:P*', 'iam:U*'],
        ...['organizations:*', 's3:Put*Policy', 'kms:CreateGrant', 'cloudtrail:*'],
      ],
      Resource: '*',
    },
  ],
};

/** Where the demo's production and its look-alike AWS listen. */
export type Ports = { readonly production: number; readonly aws: number };

/** Two minutes by default, so that a visitor sees the end. */
export const policyFor = ({
  production,
  aws,
}: Ports): string => `# The demo's policy. Change it while the demo runs: the bot reads it again at once.
version: 1
channels: { audit: ${channels.audit}, approvals: ${channels.approvals} }
groups:
  payments: { usergroup: S0PAY }
  leads: { users: [U0LEA, U0LEO] }
  security: { users: [U0SEC] }
  on-call: { users: [U0BEN] }
targets:
  payments-db:
    name: Payments database, read only
    requesters: [payments]
    approvers:
      - { from: [leads], count: 1 }
      - { from: [security], count: 1 }
    duration: { default: 2m, max: 10m }
    expires: 15m
    reason: { min: 5, ticket: "INC-[0-9]+" }
    grant:
      aws:
        account: "${account}"
        region: eu-west-1
        boundary: ${boundary}
        managed: [arn:aws:iam::aws:policy/ReadOnlyAccess]
    sandbox:
      memory: 128Mi
      processes: 64
      disk: 16Mi
      idle: 5m
      egress: ["status.example.com:443"]
      forwards:
        - { name: orders, listen: 6379, to: "127.0.0.1:${production}", private: true }
        - { name: aws, listen: 4566, to: "127.0.0.1:${aws}", private: true }
      environment: { AWS_ENDPOINT_URL: "http://127.0.0.1:4566" }
  wiki:
    name: Wiki
    requesters: [payments]
    approvers:
      - { from: [leads], count: 1 }
    duration: { default: 2m, max: 10m }
    expires: 15m
    reason: { min: 5 }
    grant:
      aws:
        account: "${account}"
        region: eu-west-1
        boundary: ${boundary}
        managed: [arn:aws:iam::aws:policy/ReadOnlyAccess]
    sandbox: { memory: 128Mi, processes: 64, disk: 16Mi }
rules:
  - approve: { targets: [wiki], requesters: [on-call], when: { max: 2m }, because: on call }
`;
