/**
 * What a person puts into buttons, menus and fields, in the shape that Slack gives the app. A person can only choose
 * what is offered: anything else is an `Impossible`, not a payload.
 */
import { type Block, isObject, type JsonObject, type StateValues, type View } from './wire.ts';

/** Something that no person could do in Slack's client. Tests that want it forge a delivery. */
export class Impossible extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Impossible';
  }
}

/** By block id: the value of the block's element, or values by action id where it has several. */
export type ViewInput = { readonly [blockId: string]: unknown };

type Field = {
  readonly field: string;
  readonly initial: string;
  readonly many: boolean;
  readonly option: boolean;
};

const one = (field: string, initial: string): Field => ({ field, initial, many: false, option: false });
const many = (field: string, initial: string): Field => ({ field, initial, many: true, option: false });
const option: Field = { field: 'selected_option', initial: 'initial_option', many: false, option: true };
const options: Field = { field: 'selected_options', initial: 'initial_options', many: true, option: true };

const fields: Readonly<Record<string, Field>> = {
  plain_text_input: one('value', 'initial_value'),
  email_text_input: one('value', 'initial_value'),
  url_text_input: one('value', 'initial_value'),
  number_input: one('value', 'initial_value'),
  rich_text_input: one('rich_text_value', 'initial_value'),
  datepicker: one('selected_date', 'initial_date'),
  timepicker: one('selected_time', 'initial_time'),
  datetimepicker: one('selected_date_time', 'initial_date_time'),
  static_select: option,
  external_select: option,
  radio_buttons: option,
  overflow: option,
  multi_static_select: options,
  multi_external_select: options,
  checkboxes: options,
  users_select: one('selected_user', 'initial_user'),
  multi_users_select: many('selected_users', 'initial_users'),
  channels_select: one('selected_channel', 'initial_channel'),
  multi_channels_select: many('selected_channels', 'initial_channels'),
  conversations_select: one('selected_conversation', 'initial_conversation'),
  multi_conversations_select: many('selected_conversations', 'initial_conversations'),
};

export type Placed = { readonly block: Block; readonly element: JsonObject };

export function elementsOf(blocks: readonly Block[]): Placed[] {
  return blocks.flatMap((block) =>
    [block.element, block.accessory, ...(Array.isArray(block.elements) ? block.elements : [])]
      .filter(isObject)
      .filter((element) => typeof element.action_id === 'string')
      .map((element) => ({ block, element })),
  );
}

/**
 * The element that `ref` names: an action id, a block id with one element, or "block_id/action_id". Where several
 * buttons share the name, `value` tells them apart.
 */
export function findElement(blocks: readonly Block[], ref: string, value?: unknown): Placed {
  const named = elementsOf(blocks).filter(
    ({ block, element }) =>
      element.action_id === ref || block.block_id === ref || `${block.block_id}/${element.action_id}` === ref,
  );
  const found = named.find(({ element }) => value !== undefined && element.value === value) ?? named[0];
  if (!found) throw new Impossible(`there is nothing called ${ref} to click`);
  return found;
}

/** One entry of `actions` in a click. `value` is what was chosen; a button's own value is the app's and stays. */
export function actionOf({ block, element }: Placed, value: unknown): JsonObject {
  const { type, action_id } = element;
  const base = { type, action_id, block_id: block.block_id };
  if (type === 'button' || type === 'workflow_button')
    return { ...base, text: element.text, ...(element.value === undefined ? {} : { value: element.value }) };
  const field = fields[String(type)];
  if (!field) throw new Impossible(`nobody can click on a ${String(type)}`);
  return { ...base, [field.field]: filled(element, field, value) };
}

/** A modal's `state.values` after this input, and what Slack's client would complain about before sending. */
export function stateOf(
  view: View,
  input: ViewInput,
): { values: StateValues; errors: Record<string, string> } {
  const values: Record<string, Record<string, JsonObject>> = {};
  const errors: Record<string, string> = {};
  const placed = elementsOf(view.blocks).filter(
    ({ element }) => fields[String(element.type)] && element.type !== 'overflow',
  );
  for (const id of Object.keys(input))
    if (!placed.some(({ block }) => block.block_id === id))
      throw new Impossible(`the modal has no field ${id}`);
  for (const { block, element } of placed) {
    const field = fields[String(element.type)];
    if (!field) continue;
    const blockId = String(block.block_id);
    const actionId = String(element.action_id);
    const given = input[blockId];
    const value = filled(element, field, isObject(given) && actionId in given ? given[actionId] : given);
    values[blockId] = { ...values[blockId], [actionId]: { type: element.type, [field.field]: value } };
    if (block.type === 'input') Object.assign(errors, complaint(block, element, value));
  }
  return { values, errors };
}

function complaint(block: Block, element: JsonObject, value: unknown): Record<string, string> {
  const id = String(block.block_id);
  const empty = value === null || value === '' || (Array.isArray(value) && value.length === 0);
  if (empty) return block.optional === true ? {} : { [id]: 'Please complete this required field.' };
  if (typeof value !== 'string') return {};
  const { min_length, max_length } = element;
  if (typeof min_length === 'number' && value.length < min_length)
    return { [id]: `This must be at least ${min_length} characters long.` };
  if (typeof max_length === 'number' && value.length > max_length)
    return { [id]: `This must be at most ${max_length} characters long.` };
  return {};
}

function filled(element: JsonObject, field: Field, given: unknown): unknown {
  const value = given === undefined ? element[field.initial] : given;
  if (field.many) {
    const list: unknown[] =
      value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
    return field.option ? list.map((item) => chosen(element, item)) : list;
  }
  if (value === undefined || value === null) return null;
  return field.option ? chosen(element, value) : value;
}

/** The option meant by its value, by its visible text, or as a whole; options that the app serves later pass as given. */
function chosen(element: JsonObject, wanted: unknown): JsonObject {
  const offered = offeredBy(element);
  const name = isObject(wanted) ? wanted.value : wanted;
  if (String(element.type).includes('external'))
    return isObject(wanted)
      ? wanted
      : { text: { type: 'plain_text', text: String(name), emoji: true }, value: String(name) };
  const found = offered.find((one) => one.value === name || (isObject(one.text) && one.text.text === name));
  if (!found) throw new Impossible(`${String(element.action_id)} does not offer ${String(name)}`);
  return found;
}

function offeredBy(element: JsonObject): JsonObject[] {
  const groups = Array.isArray(element.option_groups) ? element.option_groups.filter(isObject) : [];
  return [element, ...groups].flatMap((one) =>
    Array.isArray(one.options) ? one.options.filter(isObject) : [],
  );
}
