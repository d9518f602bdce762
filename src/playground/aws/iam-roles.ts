/** IAM's actions on roles themselves: their life, trust, boundary and tags. */
import type { Role } from './account.ts';
import { roleArn } from './arns.ts';
import type { Actions, Call, Need } from './call.ts';
import { limits, nameOf, pathOf, tagsOf, trustOf } from './checks.ts';
import { tagKeys } from './context.ts';
import { uniqueId } from './credentials.ts';
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity } from './errors.ts';
import { needOnRole, roleOf } from './iam-needs.ts';
import { page } from './pagination.ts';
import type { Xml } from './query-protocol.ts';

export const roleActions: Actions = {
  CreateRole: { needs: createNeeds, run: createRole, writes: true },

  GetRole: {
    needs: needOnRole('iam:GetRole'),
    run: (call) => ({ Role: describe(roleOf(call), 'whole') }),
  },

  DeleteRole: {
    needs: needOnRole('iam:DeleteRole'),
    writes: true,
    run(call) {
      const role = roleOf(call);
      if (role.attached.length > 0)
        throw deleteConflict('Cannot delete entity, must detach all policies first.');
      if (role.inline.size > 0) throw deleteConflict('Cannot delete entity, must delete policies first.');
      call.account.roles.put(role.name, undefined);
      return undefined;
    },
  },

  ListRoles: {
    // IAM knows no resource for this action: only `*` allows it.
    needs: ({ account }) => [
      { action: 'iam:ListRoles', resource: '*', shown: `arn:aws:iam::${account.id}:role/` },
    ],
    run({ account, params }) {
      const prefix = pathOf(params, 'PathPrefix');
      const roles = account.roles.all().filter(({ path }) => path.startsWith(prefix));
      const { items, ...rest } = page(roles, params, ({ name }) => name);
      return { Roles: items.map((role) => describe(role, 'listed')), ...rest };
    },
  },

  UpdateAssumeRolePolicy: {
    needs: needOnRole('iam:UpdateAssumeRolePolicy'),
    writes: true,
    run(call) {
      const role = roleOf(call);
      const trust = trustOf(call.account, call.params, 'PolicyDocument');
      call.account.roles.put(role.name, { ...role, trust });
      return undefined;
    },
  },

  PutRolePermissionsBoundary: {
    needs: needOnRole('iam:PutRolePermissionsBoundary', ({ params }) => ({
      'iam:PermissionsBoundary': params.required('PermissionsBoundary'),
    })),
    writes: true,
    run(call) {
      const role = roleOf(call);
      call.account.roles.put(role.name, { ...role, boundary: boundaryOf(call) });
      return undefined;
    },
  },

  DeleteRolePermissionsBoundary: {
    needs: needOnRole('iam:DeleteRolePermissionsBoundary'),
    writes: true,
    run(call) {
      const role = roleOf(call);
      call.account.roles.put(role.name, { ...role, boundary: undefined });
      return undefined;
    },
  },

  ListRoleTags: {
    needs: needOnRole('iam:ListRoleTags'),
    run(call) {
      const { items, ...rest } = page([...roleOf(call).tags], call.params, ([key]) => key);
      return { Tags: items.map(([Key, Value]) => ({ Key, Value })), ...rest };
    },
  },

  TagRole: {
    needs: needOnRole('iam:TagRole', ({ params }) => requestTags(tagsOf(params))),
    writes: true,
    run(call) {
      const role = roleOf(call);
      const tags = new Map([...role.tags, ...tagsOf(call.params)]);
      if (tags.size > limits.tags)
        throw limitExceeded(`The number of tags has reached the maximum limit (${limits.tags}).`);
      call.account.roles.put(role.name, { ...role, tags });
      return undefined;
    },
  },

  UntagRole: {
    needs: needOnRole('iam:UntagRole', ({ params }) => ({ 'aws:TagKeys': params.list('TagKeys') })),
    writes: true,
    run(call) {
      const role = roleOf(call);
      const gone = new Set(call.params.list('TagKeys'));
      const tags = new Map([...role.tags].filter(([key]) => !gone.has(key)));
      call.account.roles.put(role.name, { ...role, tags });
      return undefined;
    },
  },
};

/** Creating a role with tags takes `iam:TagRole` as well. */
function createNeeds({ account, params }: Call): readonly Need[] {
  const resource = roleArn(account.id, pathOf(params, 'Path'), nameOf(params, 'RoleName', 64));
  const tags = tagsOf(params);
  const context = { ...requestTags(tags), 'iam:PermissionsBoundary': params.text('PermissionsBoundary') };
  const create = { action: 'iam:CreateRole', resource, context };
  return tags.size === 0 ? [create] : [create, { ...create, action: 'iam:TagRole' }];
}

function createRole(call: Call): Xml {
  const { account, params } = call;
  const name = nameOf(params, 'RoleName', 64);
  const path = pathOf(params, 'Path');
  if (account.roles.get(name)) throw alreadyExists(`Role with name ${name} already exists.`);
  if (account.roles.all().length >= limits.rolesPerAccount)
    throw limitExceeded(`Cannot exceed quota for RolesPerAccount: ${limits.rolesPerAccount}`);
  const role: Role = {
    id: uniqueId('AROA'),
    name,
    path,
    arn: roleArn(account.id, path, name),
    createdAt: account.now(),
    description: params.text('Description'),
    maxSessionSeconds: params.integer('MaxSessionDuration', { min: 3600, max: 43_200 }) ?? 3600,
    trust: trustOf(account, params, 'AssumeRolePolicyDocument'),
    boundary: params.text('PermissionsBoundary') === undefined ? undefined : boundaryOf(call),
    tags: tagsOf(params),
    inline: new Map(),
    attached: [],
  };
  account.roles.put(name, role);
  return { Role: describe(role, 'whole') };
}

function boundaryOf({ account, params }: Call): string {
  const arn = params.required('PermissionsBoundary');
  if (account.managed.get(arn) === undefined)
    throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
  return arn;
}

function requestTags(tags: ReadonlyMap<string, string>) {
  if (tags.size === 0) return {};
  return { ...tagKeys('aws:RequestTag', tags), 'aws:TagKeys': [...tags.keys()] };
}

/** Lists leave out tags and boundary, as IAM's do. */
function describe(role: Role, view: 'whole' | 'listed'): Xml {
  const listed = {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: encodeURIComponent(role.trust.text),
    Description: role.description,
    MaxSessionDuration: role.maxSessionSeconds,
  };
  if (view === 'listed') return listed;
  return {
    ...listed,
    PermissionsBoundary: role.boundary && {
      PermissionsBoundaryType: 'Policy',
      PermissionsBoundaryArn: role.boundary,
    },
    Tags: role.tags.size > 0 ? [...role.tags].map(([Key, Value]) => ({ Key, Value })) : undefined,
    RoleLastUsed: {},
  };
}
