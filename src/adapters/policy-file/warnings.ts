/** What is allowed and yet probably not meant. Only what the file alone shows: Slack user groups are not looked up. */
import { isWild } from '../../domain/egress.ts';
import type { PolicyDocument } from '../../domain/policy.ts';
import type { Path } from './locate.ts';

export type Warning = { readonly path: Path; readonly message: string };

export function policyWarnings(policy: PolicyDocument): readonly Warning[] {
  return [
    ...unmeetableLines(policy),
    ...lonelyApprovers(policy),
    ...unusedGroups(policy),
    ...rentableNames(policy),
  ];
}

/** The people of these groups, or undefined where a Slack user group is among them. */
function peopleOf(policy: PolicyDocument, groups: readonly string[]): ReadonlySet<string> | undefined {
  const lists = groups.map((name) => policy.groups[name]?.users);
  return lists.some((users) => users === undefined)
    ? undefined
    : new Set(lists.flatMap((users) => users ?? []));
}

function unmeetableLines(policy: PolicyDocument): readonly Warning[] {
  return Object.entries(policy.targets).flatMap(([name, { approvers }]) =>
    approvers.flatMap(({ from, count }, index) => {
      const people = peopleOf(policy, from);
      if (people === undefined || people.size >= count) return [];
      const message = `can never be met: it takes ${count} people and ${from.join(', ')} hold ${people.size}`;
      return [{ path: ['targets', name, 'approvers', index], message }];
    }),
  );
}

/** Nobody approves their own request, so a line of one person shuts that person out. */
function lonelyApprovers(policy: PolicyDocument): readonly Warning[] {
  return Object.entries(policy.targets).flatMap(([name, { approvers, requesters }]) => {
    const asking = peopleOf(policy, requesters);
    return approvers.flatMap(({ from, count }, index) => {
      const people = peopleOf(policy, from);
      if (asking === undefined || people === undefined || people.size !== count) return [];
      return [...people]
        .filter((person) => asking.has(person))
        .map((person) => ({
          path: ['targets', name, 'approvers', index],
          message: `${person} may ask but never be approved: without them the line is one short`,
        }));
    });
  });
}

function unusedGroups(policy: PolicyDocument): readonly Warning[] {
  const used = new Set([
    ...Object.values(policy.targets).flatMap(({ requesters, reviewers, approvers }) => [
      ...requesters,
      ...reviewers,
      ...approvers.flatMap(({ from }) => from),
    ]),
    ...policy.rules.flatMap(({ deny, approve }) => (deny ?? approve)?.requesters ?? []),
  ]);
  return Object.keys(policy.groups)
    .filter((name) => !used.has(name))
    .map((name) => ({ path: ['groups', name], message: 'is used nowhere' }));
}

/** Shared clouds in which anybody can have a name of their own. */
const rentable = [
  'amazonaws.com',
  'awsapps.com',
  'cloudfront.net',
  'elasticbeanstalk.com',
  'azure.com',
  'azureedge.net',
  'azurefd.net',
  'azurewebsites.net',
  'windows.net',
  'appspot.com',
  'cloudfunctions.net',
  'googleapis.com',
  'googleusercontent.com',
  'run.app',
  'web.app',
  'firebaseio.com',
  'pages.dev',
  'workers.dev',
  'r2.dev',
  'cloudflarestorage.com',
  'digitaloceanspaces.com',
  'ondigitalocean.app',
  'fastly.net',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'herokuapp.com',
  'netlify.app',
  'ngrok.io',
  'ngrok-free.app',
  'onrender.com',
  'up.railway.app',
  'vercel.app',
];

function rentableNames(policy: PolicyDocument): readonly Warning[] {
  return Object.entries(policy.targets).flatMap(([name, { sandbox }]) =>
    sandbox.egress.flatMap((line, index) => {
      const cloud = rentable.find((each) => line.host.endsWith(`.${each}`));
      if (!isWild(line) || cloud === undefined) return [];
      const message = `${line.host} covers names that anybody can rent in ${cloud}: data can leave that way. Name the hosts`;
      return [{ path: ['targets', name, 'sandbox', 'egress', index], message }];
    }),
  );
}
