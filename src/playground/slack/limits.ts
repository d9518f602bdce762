/**
 * Slack's documented limits on messages and views, each found breach named with a JSON pointer in Slack's words. What
 * is checked: block types, counts, text lengths, required parts, unique ids, sizes as a whole. What is not: rich text
 * and every rare element; those pass as they come.
 *
 * Numbers: docs.slack.dev, reference/block-kit. The 13,200 of all blocks together is undocumented (bolt-js #2509).
 */
import {
  elementProblems,
  lengthProblems,
  type Problem,
  problem,
  textProblems,
  uniqueProblems,
} from './element-limits.ts';
import { type Block, isBlock, isObject, type JsonObject, SlackRefusal } from './wire.ts';

export const messageLimits = {
  blocks: 50,
  text: 40_000,
  updatedText: 4_000,
  blockCharacters: 13_200,
  metadataBytes: 16 * 1024,
  attachments: 100,
};

export const viewLimits = { blocks: 100, title: 24, privateMetadata: 3_000, bytes: 250 * 1024 };

const messageBlocks = new Set([
  'actions',
  'context',
  'context_actions',
  'divider',
  'file',
  'header',
  'image',
  'input',
  'markdown',
  'rich_text',
  'section',
  'table',
  'video',
]);
const viewBlocks = new Set([
  'actions',
  'context',
  'divider',
  'header',
  'image',
  'input',
  'rich_text',
  'section',
  'video',
]);

/** Checks a message's blocks; throws `invalid_blocks` or `msg_blocks_too_long` as Slack answers. */
export function checkMessageBlocks(blocks: unknown): readonly Block[] {
  const { good, problems } = blockProblems(blocks, messageLimits.blocks, messageBlocks, '/blocks');
  if (problems.length > 0) throw refusalOf('invalid_blocks', problems);
  if (JSON.stringify(good).length > messageLimits.blockCharacters)
    throw new SlackRefusal('msg_blocks_too_long');
  return good;
}

export function checkMetadata(metadata: unknown): JsonObject {
  if (!isObject(metadata)) throw new SlackRefusal('invalid_metadata_format');
  if (Object.keys(metadata).length === 0) return metadata;
  if (
    typeof metadata.event_type !== 'string' ||
    metadata.event_type === '' ||
    !isObject(metadata.event_payload)
  )
    throw new SlackRefusal('invalid_metadata_schema');
  if (Buffer.byteLength(JSON.stringify(metadata)) > messageLimits.metadataBytes)
    throw new SlackRefusal('metadata_too_large');
  return metadata;
}

export type ModalInput = JsonObject & { readonly blocks: readonly Block[]; readonly title: JsonObject };

/** Checks a modal; throws `invalid_arguments` with what is wrong where, or `view_too_large`. */
export function checkView(view: unknown): ModalInput {
  if (!isObject(view)) throw refusalOf('invalid_arguments', [problem('/view', 'must be a JSON object')]);
  if (Buffer.byteLength(JSON.stringify(view)) > viewLimits.bytes) throw new SlackRefusal('view_too_large');
  const { good, problems } = blockProblems(view.blocks, viewLimits.blocks, viewBlocks, '/view/blocks');
  if (view.type !== 'modal')
    problems.push(problem('/view/type', 'unsupported type: only modals are known here'));
  problems.push(...textProblems(view.title, '/view/title', viewLimits.title, 'plain_text'));
  for (const label of ['submit', 'close'])
    if (view[label] !== undefined && view[label] !== null)
      problems.push(...textProblems(view[label], `/view/${label}`, viewLimits.title, 'plain_text'));
  if (!view.submit && good.some((block) => block.type === 'input'))
    problems.push(problem('/view', 'missing required field: submit (a view with an input block needs one)'));
  problems.push(
    ...lengthProblems(view.private_metadata, '/view/private_metadata', viewLimits.privateMetadata),
  );
  problems.push(...lengthProblems(view.callback_id, '/view/callback_id', 255));
  problems.push(...lengthProblems(view.external_id, '/view/external_id', 255));
  if (problems.length > 0) throw refusalOf('invalid_arguments', problems);
  return { ...view, blocks: good, title: view.title as JsonObject };
}

function blockProblems(
  blocks: unknown,
  most: number,
  known: ReadonlySet<string>,
  at: string,
): { good: readonly Block[]; problems: Problem[] } {
  if (!Array.isArray(blocks)) return { good: [], problems: [problem(at, 'must be an array')] };
  const problems: Problem[] = [];
  if (blocks.length > most) problems.push(problem(at, `no more than ${most} items allowed`));
  const good = blocks.filter(isBlock);
  blocks.forEach((block: unknown, index) => {
    const here = `${at}/${index}`;
    if (!isBlock(block)) problems.push(problem(here, 'missing required field: type'));
    else if (!known.has(block.type))
      problems.push(problem(`${here}/type`, `unsupported type: ${block.type}`));
    else problems.push(...oneBlock(block, here));
  });
  problems.push(...uniqueProblems(good));
  return { good, problems };
}

function oneBlock(block: Block, at: string): Problem[] {
  const problems = lengthProblems(block.block_id, `${at}/block_id`, 255);
  switch (block.type) {
    case 'section':
      return [...problems, ...sectionProblems(block, at)];
    case 'header':
      return [...problems, ...textProblems(block.text, `${at}/text`, 150, 'plain_text')];
    case 'markdown':
      return [...problems, ...lengthProblems(block.text, `${at}/text`, 12_000, 'required')];
    case 'actions':
      return [...problems, ...listProblems(block.elements, `${at}/elements`, 25, elementProblems)];
    case 'context':
      return [...problems, ...listProblems(block.elements, `${at}/elements`, 10, contextProblems)];
    case 'input':
      return [
        ...problems,
        ...textProblems(block.label, `${at}/label`, 2_000, 'plain_text'),
        ...(block.hint === undefined ? [] : textProblems(block.hint, `${at}/hint`, 2_000, 'plain_text')),
        ...elementProblems(block.element, `${at}/element`),
      ];
    default:
      return problems;
  }
}

function sectionProblems(block: Block, at: string): Problem[] {
  const problems: Problem[] = [];
  if (block.text === undefined && block.fields === undefined)
    problems.push(problem(at, 'missing required field: text or fields'));
  if (block.text !== undefined) problems.push(...textProblems(block.text, `${at}/text`, 3_000));
  if (block.fields !== undefined)
    problems.push(
      ...listProblems(block.fields, `${at}/fields`, 10, (field, here) => textProblems(field, here, 2_000)),
    );
  if (block.accessory !== undefined) problems.push(...elementProblems(block.accessory, `${at}/accessory`));
  return problems;
}

function contextProblems(element: unknown, at: string): Problem[] {
  return isObject(element) && element.type === 'image'
    ? elementProblems(element, at)
    : textProblems(element, at, 3_000);
}

function listProblems(
  list: unknown,
  at: string,
  most: number,
  each: (item: unknown, at: string) => Problem[],
): Problem[] {
  if (!Array.isArray(list)) return [problem(at, 'must be an array')];
  if (list.length === 0) return [problem(at, 'must have at least 1 item')];
  const problems = list.flatMap((item: unknown, index) => each(item, `${at}/${index}`));
  return list.length > most ? [problem(at, `no more than ${most} items allowed`), ...problems] : problems;
}

/** The answer that Slack gives: the code, and every breach twice, once for eyes and once for programs. */
export function refusalOf(code: string, problems: readonly Problem[]): SlackRefusal {
  const errors = problems.map(({ pointer, message }) => `${message} [json-pointer:${pointer}]`);
  return new SlackRefusal(code, {
    errors,
    response_metadata: { messages: errors.map((text) => `[ERROR] ${text}`) },
  });
}
