/**
 * The grants of this install, read from IAM alone. Half-issued and half-revoked roles count: all carry their tags
 * from birth. ListRoles leaves tags out, so each role is asked for its own.
 */
import { ListRolesCommand, ListRoleTagsCommand } from '@aws-sdk/client-iam';
import { isAccessId } from '../../domain/ids.ts';
import type { Grant } from '../../ports/grants.ts';
import type { Aws, RoleName } from './aws.ts';
import { readEnd, rolePath, tagKeys } from './documents.ts';
import { onRole } from './on-role.ts';
import { everyPage, must, type Run } from './patience.ts';

/** IAM's rates are unpublished; a few at a time stay far below them. */
const askedAtOnce = 4;

export async function list(aws: Aws, run: Run): Promise<readonly Grant[]> {
  const pages = await everyPage((page) =>
    must(run, 'iam:ListRoles', (options) =>
      aws.iam.send(new ListRolesCommand({ PathPrefix: rolePath, ...page }), options),
    ),
  );
  const names = (pages ?? [])
    .flatMap((page) => page.Roles ?? [])
    .flatMap(({ RoleName, Arn }) =>
      RoleName && Arn && isAccessId(RoleName) ? [{ access: RoleName, arn: Arn }] : [],
    );
  const grants: Grant[] = [];
  for (let at = 0; at < names.length; at += askedAtOnce) {
    const found = await Promise.all(
      names.slice(at, at + askedAtOnce).map((name) => describe(aws, run, name)),
    );
    grants.push(...found.flatMap((grant) => grant ?? []));
  }
  return grants;
}

/** @returns undefined for another install's role, and for one that vanished meanwhile. */
async function describe(aws: Aws, run: Run, name: RoleName): Promise<Grant | undefined> {
  const pages = await everyPage((page) =>
    onRole(
      aws,
      run,
      name,
      'ListRoleTags',
      (options) => aws.iam.send(new ListRoleTagsCommand({ RoleName: name.access, ...page }), options),
      { expected: ['NoSuchEntity'] },
    ),
  );
  const tags = new Map(
    (pages ?? []).flatMap((page) => page.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']),
  );
  if (tags.get(tagKeys.install) !== aws.install) return undefined;
  return {
    ...name,
    requester: tags.get(tagKeys.requester) ?? '',
    target: tags.get(tagKeys.target) ?? '',
    endsAt: readEnd(tags.get(tagKeys.endsAt)),
  };
}
