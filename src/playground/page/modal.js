/** A modal in front of one person: inputs, hints, errors under their fields, and what the client itself complains of. */
import { renderBlock } from './blocks.js';
import { h } from './dom.js';
import { plainText } from './mrkdwn.js';

/** @typedef {import('./blocks.js').Acts} Acts */
/**
 * @typedef {object} ModalActs
 * @property {Acts} acts
 * @property {(values: Record<string, string | null>) => Promise<any>} submit what the app answered
 * @property {() => void} close
 */

/**
 * @param {any} view
 * @param {string} prefix makes ids unique on the page
 * @param {ModalActs} modalActs
 * @returns {HTMLElement}
 */
export function renderModal(view, prefix, { acts, submit, close }) {
  const titleId = `${prefix}-title`;
  /** @type {Map<string, { input: any, error: HTMLElement, wrap: HTMLElement }>} */
  const fields = new Map();
  const trouble = h('p.modal-trouble', { role: 'alert' });
  const send = h('button.primary', { type: 'submit' }, plainText(view.submit?.text ?? 'Submit'));

  const body = view.blocks.map((/** @type {any} */ block) => {
    if (block.type !== 'input') return renderBlock(block, acts);
    const id = `${prefix}-${block.block_id}`;
    const error = h('p.field-error', { id: `${id}-error`, role: 'alert' });
    const input = renderInput(block, id);
    const wrap = h(
      'div.field',
      {},
      h(
        'label',
        { for: id },
        plainText(block.label.text),
        block.optional === true && h('span.optional', {}, ' (optional)'),
      ),
      input,
      block.hint && h('p.hint', { id: `${id}-hint` }, plainText(block.hint.text)),
      error,
    );
    fields.set(block.block_id, { input, error, wrap });
    return wrap;
  });

  const showErrors = (/** @type {Record<string, string>} */ errors) => {
    let first = true;
    for (const [id, { input, error, wrap }] of fields) {
      const text = errors[id];
      error.textContent = text ?? '';
      wrap.classList.toggle('wrong', text !== undefined);
      if (text === undefined) {
        input.removeAttribute('aria-invalid');
        continue;
      }
      input.setAttribute('aria-invalid', 'true');
      if (first) input.focus();
      first = false;
    }
  };

  const onsubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    trouble.textContent = '';
    send.setAttribute('disabled', '');
    const values = Object.fromEntries(
      [...fields].map(([id, { input }]) => [id, input.value === '' ? null : input.value]),
    );
    try {
      const answer = await submit(values);
      showErrors(answer.errors ?? {});
      if (answer.outcome === 'failed') trouble.textContent = answer.shown;
    } catch (error) {
      trouble.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      send.removeAttribute('disabled');
    }
  };

  const dialog = h(
    'form.modal',
    { role: 'dialog', 'aria-labelledby': titleId, novalidate: true, onsubmit },
    h(
      'header',
      {},
      h('h2', { id: titleId }, plainText(view.title.text)),
      h('button.quiet', { type: 'button', 'aria-label': 'Close', onclick: close }, '✕'),
    ),
    h('div.modal-body', {}, ...body, trouble),
    h(
      'footer',
      {},
      h('button', { type: 'button', onclick: close }, plainText(view.close?.text ?? 'Cancel')),
      view.submit && send,
    ),
  );
  return h(
    'div.modal-back',
    {
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'Escape') close();
      },
    },
    dialog,
  );
}

/**
 * @param {any} block
 * @param {string} id
 * @returns {HTMLElement}
 */
function renderInput(block, id) {
  const { element } = block;
  const common = {
    id,
    'aria-describedby': block.hint ? `${id}-hint ${id}-error` : `${id}-error`,
    'aria-required': block.optional === true ? undefined : 'true',
  };
  if (element.type === 'static_select') {
    const chosen = element.initial_option?.value;
    return h(
      'select',
      common,
      h('option', { value: '' }, plainText(element.placeholder?.text ?? 'Choose …')),
      ...element.options.map((/** @type {any} */ { text, value, description }) =>
        h(
          'option',
          { value, selected: value === chosen },
          plainText(description ? `${text.text} (${description.text})` : text.text),
        ),
      ),
    );
  }
  const placeholder = element.placeholder?.text;
  const maxlength = element.max_length === undefined ? undefined : String(element.max_length);
  if (element.multiline)
    return h('textarea', { ...common, rows: '3', placeholder, maxlength }, element.initial_value ?? '');
  return h('input', {
    ...common,
    type: element.type === 'plain_text_input' ? 'text' : 'search',
    placeholder,
    maxlength,
    value: element.initial_value,
    autocomplete: 'off',
  });
}
