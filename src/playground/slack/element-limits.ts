/** Slack's limits on the small parts of blocks: texts, buttons, menus, inputs, ids. See limits.ts for the whole. */
import { type Block, isObject } from './wire.ts';

export type Problem = { readonly pointer: string; readonly message: string };

export function problem(pointer: string, message: string): Problem {
  return { pointer, message };
}

export function lengthProblems(value: unknown, at: string, most: number, needed?: 'required'): Problem[] {
  if (value === undefined || value === null) return needed ? [problem(at, 'missing required field')] : [];
  if (typeof value !== 'string') return [problem(at, 'must be a string')];
  if (needed && value.length === 0) return [problem(at, 'must be more than 0 characters')];
  return value.length > most ? [problem(at, `must be less than ${most + 1} characters`)] : [];
}

/** A text object: not empty, not longer than `most`, and plain where Slack takes nothing else. */
export function textProblems(text: unknown, at: string, most: number, only?: 'plain_text'): Problem[] {
  if (!isObject(text)) return [problem(at, 'missing required field: text object')];
  const known = only ? [only] : ['plain_text', 'mrkdwn'];
  const problems = known.some((type) => type === text.type)
    ? []
    : [problem(`${at}/type`, `unsupported type: ${String(text.type)}`)];
  return [...problems, ...lengthProblems(text.text, `${at}/text`, most, 'required')];
}

const inputTypes = [
  'plain_text_input',
  'email_text_input',
  'url_text_input',
  'number_input',
  'rich_text_input',
];
const pickerTypes = ['datepicker', 'timepicker', 'datetimepicker'];
const liveSelects = ['users_select', 'conversations_select', 'channels_select', 'external_select'];
const staticSelects = ['static_select', 'multi_static_select'];
const known = new Set([
  'button',
  'image',
  'checkboxes',
  'radio_buttons',
  'overflow',
  'file_input',
  'workflow_button',
  'feedback_buttons',
  'icon_button',
  ...inputTypes,
  ...pickerTypes,
  ...staticSelects,
  ...liveSelects,
  ...liveSelects.map((type) => `multi_${type}`),
]);

/** One interactive element (or an image). */
export function elementProblems(element: unknown, at: string): Problem[] {
  if (!isObject(element) || typeof element.type !== 'string')
    return [problem(at, 'missing required field: type')];
  const { type } = element;
  if (!known.has(type)) return [problem(`${at}/type`, `unsupported type: ${type}`)];
  const problems = lengthProblems(element.action_id, `${at}/action_id`, 255);
  if (element.placeholder !== undefined)
    problems.push(...textProblems(element.placeholder, `${at}/placeholder`, 150, 'plain_text'));
  if (element.confirm !== undefined) problems.push(...confirmProblems(element.confirm, `${at}/confirm`));
  if (type === 'button') problems.push(...buttonProblems(element, at));
  if (type === 'image')
    problems.push(...lengthProblems(element.alt_text, `${at}/alt_text`, 2_000, 'required'));
  if (staticSelects.includes(type)) problems.push(...menuProblems(element, at));
  if (type === 'checkboxes' || type === 'radio_buttons')
    problems.push(...optionListProblems(element.options, `${at}/options`, 10));
  if (type === 'overflow') problems.push(...optionListProblems(element.options, `${at}/options`, 5));
  if (inputTypes.includes(type))
    problems.push(...lengthProblems(element.initial_value, `${at}/initial_value`, 3_000));
  return problems;
}

function buttonProblems(element: { readonly [key: string]: unknown }, at: string): Problem[] {
  const problems = [
    ...textProblems(element.text, `${at}/text`, 75, 'plain_text'),
    ...lengthProblems(element.value, `${at}/value`, 2_000),
    ...lengthProblems(element.url, `${at}/url`, 3_000),
    ...lengthProblems(element.accessibility_label, `${at}/accessibility_label`, 75),
  ];
  if (element.style !== undefined && element.style !== 'primary' && element.style !== 'danger')
    problems.push(problem(`${at}/style`, 'must be one of: primary, danger'));
  return problems;
}

function confirmProblems(confirm: unknown, at: string): Problem[] {
  if (!isObject(confirm)) return [problem(at, 'must be an object')];
  return [
    ...textProblems(confirm.title, `${at}/title`, 100, 'plain_text'),
    ...textProblems(confirm.text, `${at}/text`, 300),
    ...(confirm.confirm === undefined
      ? []
      : textProblems(confirm.confirm, `${at}/confirm`, 30, 'plain_text')),
    ...(confirm.deny === undefined ? [] : textProblems(confirm.deny, `${at}/deny`, 30, 'plain_text')),
  ];
}

function menuProblems(element: { readonly [key: string]: unknown }, at: string): Problem[] {
  if (element.option_groups === undefined) return optionListProblems(element.options, `${at}/options`, 100);
  if (!Array.isArray(element.option_groups)) return [problem(`${at}/option_groups`, 'must be an array')];
  const groups: unknown[] = element.option_groups;
  const problems = groups.flatMap((group, index) =>
    isObject(group)
      ? [
          ...textProblems(group.label, `${at}/option_groups/${index}/label`, 75, 'plain_text'),
          ...optionListProblems(group.options, `${at}/option_groups/${index}/options`, 100),
        ]
      : [problem(`${at}/option_groups/${index}`, 'must be an object')],
  );
  return groups.length > 100
    ? [problem(`${at}/option_groups`, 'no more than 100 items allowed'), ...problems]
    : problems;
}

export function optionListProblems(options: unknown, at: string, most: number): Problem[] {
  if (!Array.isArray(options)) return [problem(at, 'missing required field')];
  if (options.length === 0) return [problem(at, 'must have at least 1 item')];
  const problems = options.flatMap((option: unknown, index) => {
    const here = `${at}/${index}`;
    if (!isObject(option)) return [problem(here, 'must be an object')];
    return [
      ...textProblems(option.text, `${here}/text`, 75),
      ...lengthProblems(option.value, `${here}/value`, 150, 'required'),
      ...(option.description === undefined
        ? []
        : textProblems(option.description, `${here}/description`, 75)),
    ];
  });
  return options.length > most ? [problem(at, `no more than ${most} items allowed`), ...problems] : problems;
}

/** `block_id` is unique in a message or view, `action_id` within its block. */
export function uniqueProblems(blocks: readonly Block[]): Problem[] {
  const problems: Problem[] = [];
  const seenBlocks = new Set<string>();
  blocks.forEach((block, index) => {
    if (typeof block.block_id === 'string') {
      if (seenBlocks.has(block.block_id))
        problems.push(problem(`/blocks/${index}/block_id`, `\`block_id\` already exists: ${block.block_id}`));
      seenBlocks.add(block.block_id);
    }
    const seen = new Set<string>();
    for (const id of actionIds(block)) {
      if (seen.has(id)) problems.push(problem(`/blocks/${index}`, `\`action_id\` already exists: ${id}`));
      seen.add(id);
    }
  });
  return problems;
}

function actionIds(block: Block): string[] {
  const elements = [block.accessory, block.element, ...(Array.isArray(block.elements) ? block.elements : [])];
  return elements.flatMap((element) =>
    isObject(element) && typeof element.action_id === 'string' ? [element.action_id] : [],
  );
}
