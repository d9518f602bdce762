/**
 * The modals each person has open: a stack of at most three, the last one visible. Opening starts a new stack, as in
 * Slack's client, where a person sees one modal at a time.
 */
import type { ModalInput } from './limits.ts';
import { nameBlocks } from './messages.ts';
import { SlackRefusal, type View } from './wire.ts';
import type { Workspace } from './workspace.ts';

const deepest = 3;

export function stackOf(workspace: Workspace, user: string): readonly View[] {
  return workspace.views.get(user) ?? [];
}

/** The modal this person sees now. */
export function visibleView(workspace: Workspace, user: string): View | undefined {
  return stackOf(workspace, user).at(-1);
}

export function findView(
  workspace: Workspace,
  wanted: { id?: string | undefined; external_id?: string | undefined },
): { user: string; view: View } | undefined {
  for (const [user, stack] of workspace.views) {
    const view = stack.find((one) =>
      wanted.id ? one.id === wanted.id : one.external_id === wanted.external_id,
    );
    if (view) return { user, view };
  }
  return undefined;
}

export function openModal(workspace: Workspace, user: string, input: ModalInput): View {
  refuseTakenExternalId(workspace, input);
  const view = build(workspace, input, workspace.nextId('V'), undefined);
  setStack(workspace, user, [view]);
  workspace.watchers.tell({ kind: 'view', what: 'opened', user, view: view.id });
  return view;
}

export function pushModal(workspace: Workspace, user: string, input: ModalInput): View {
  const stack = stackOf(workspace, user);
  if (stack.length === 0) throw new SlackRefusal('not_found');
  if (stack.length >= deepest) throw new SlackRefusal('push_limit_reached');
  refuseTakenExternalId(workspace, input);
  const view = build(workspace, input, workspace.nextId('V'), stack.at(-1));
  setStack(workspace, user, [...stack, view]);
  workspace.watchers.tell({ kind: 'view', what: 'pushed', user, view: view.id });
  return view;
}

/** Replaces an open view's content; its id and its place in the stack stay, its hash changes. */
export function updateModal(workspace: Workspace, user: string, old: View, input: ModalInput): View {
  if (input.external_id !== undefined && input.external_id !== old.external_id)
    refuseTakenExternalId(workspace, input);
  const view: View = {
    ...build(workspace, input, old.id, undefined),
    root_view_id: old.root_view_id,
    previous_view_id: old.previous_view_id,
    external_id: typeof input.external_id === 'string' ? input.external_id : old.external_id,
  };
  setStack(
    workspace,
    user,
    stackOf(workspace, user).map((one) => (one.id === old.id ? view : one)),
  );
  workspace.watchers.tell({ kind: 'view', what: 'updated', user, view: view.id });
  return view;
}

/** Takes a view away with all that lies on it (or every view); what lay beneath is seen again. Returns those gone. */
export function closeModal(
  workspace: Workspace,
  user: string,
  which: 'all' | { id: string },
): readonly View[] {
  const stack = stackOf(workspace, user);
  const from = which === 'all' ? 0 : stack.findIndex((view) => view.id === which.id);
  if (from < 0) return [];
  const gone = stack.slice(from).toReversed();
  setStack(workspace, user, stack.slice(0, from));
  for (const view of gone) workspace.watchers.tell({ kind: 'view', what: 'closed', user, view: view.id });
  return gone;
}

function setStack(workspace: Workspace, user: string, stack: readonly View[]): void {
  if (stack.length === 0) workspace.views.delete(user);
  else workspace.views.set(user, [...stack]);
}

function refuseTakenExternalId(workspace: Workspace, input: ModalInput): void {
  if (typeof input.external_id !== 'string' || input.external_id === '') return;
  if (findView(workspace, { external_id: input.external_id }))
    throw new SlackRefusal('duplicate_external_id');
}

function build(workspace: Workspace, input: ModalInput, id: string, below: View | undefined): View {
  const { app, team } = workspace;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const label = (value: unknown): View['submit'] =>
    typeof value === 'object' && value !== null ? { ...value } : null;
  return {
    id,
    team_id: team.id,
    app_id: app.id,
    app_installed_team_id: team.id,
    bot_id: app.bot_id,
    type: 'modal',
    callback_id: text(input.callback_id),
    external_id: text(input.external_id),
    title: input.title,
    submit: label(input.submit),
    close: label(input.close),
    blocks: nameBlocks(workspace, input.blocks),
    private_metadata: text(input.private_metadata),
    clear_on_close: input.clear_on_close === true,
    notify_on_close: input.notify_on_close === true,
    hash: `${Math.floor(workspace.now() / 1000)}.${workspace.nextId('').toLowerCase()}`,
    root_view_id: below?.root_view_id ?? id,
    previous_view_id: below?.id ?? null,
    state: { values: {} },
  };
}
