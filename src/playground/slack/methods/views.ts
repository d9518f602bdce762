/** views.*: modals, opened and pushed in exchange for a trigger. No scope is needed for them. */
import { checkView } from '../limits.ts';
import { findView, openModal, pushModal, updateModal } from '../modals.ts';
import { type JsonObject, SlackRefusal } from '../wire.ts';
import { type Call, type Method, noScope } from './method.ts';

export const viewMethods: Readonly<Record<string, Method>> = {
  'views.open': { token: 'bot', scopes: noScope, run: open },
  'views.push': { token: 'bot', scopes: noScope, run: push },
  'views.update': { token: 'bot', scopes: noScope, run: update },
};

function open(call: Call): JsonObject {
  const input = checkView(call.args.structure('view', 'invalid_arguments'));
  const user = call.tickets.spendTrigger(call.args.needed('trigger_id'));
  return { view: openModal(call.workspace, user, input) };
}

function push(call: Call): JsonObject {
  const input = checkView(call.args.structure('view', 'invalid_arguments'));
  const user = call.tickets.spendTrigger(call.args.needed('trigger_id'));
  return { view: pushModal(call.workspace, user, input) };
}

function update(call: Call): JsonObject {
  const { args, workspace } = call;
  const input = checkView(args.structure('view', 'invalid_arguments'));
  const external_id = args.text('external_id');
  const id = args.text('view_id') ?? (external_id === undefined ? args.needed('view_id') : undefined);
  const found = findView(workspace, { id, external_id });
  if (!found) throw new SlackRefusal('not_found');
  const hash = args.text('hash');
  if (hash !== undefined && hash !== found.view.hash) throw new SlackRefusal('hash_conflict');
  return { view: updateModal(workspace, found.user, found.view, input) };
}
