import { $, el, reason } from './dom.js';

export interface Field {
  name: string;
  label: string;
  hint?: string;
  isOptional?: boolean;
  /** Values and how they are called: the field is a choice then. */
  choices?: [string, string][];
}

export interface Question {
  title: string;
  text?: string;
  fields: Field[];
  action: string;
  /** Does what was asked. The question stays open when this fails, and says why. */
  run(values: Record<string, string>): Promise<void>;
}

function input({ name, label, hint, isOptional, choices }: Field): HTMLElement {
  const field = choices
    ? el('select', { name }, ...choices.map(([value, text]) => el('option', { value }, text)))
    : el('input', { name, required: !isOptional, autocomplete: 'off', autocapitalize: 'none', spellcheck: false });
  return el('label', {}, label, field, hint !== undefined && el('small', {}, hint));
}

/** Asks for something in a dialog, and does it. */
export function ask({ title, text, fields, action, run }: Question): void {
  const dialog = $<HTMLDialogElement>('dialog');
  const problem = el('p', { className: 'problem', role: 'alert' });
  const go = el('button', { className: 'main' }, action);
  const cancel = el('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel');
  const form = el(
    'form',
    {},
    el('h2', { id: 'dialog-title' }, title),
    text !== undefined && el('p', {}, text),
    ...fields.map(input),
    problem,
    el('div', { className: 'buttons' }, cancel, go),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const values: Record<string, string> = {};
    for (const [name, value] of new FormData(form)) values[name] = String(value).trim();
    go.disabled = true;
    problem.textContent = '';
    run(values).then(
      () => dialog.close(),
      (error) => {
        problem.textContent = reason(error);
        go.disabled = false;
      },
    );
  });
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
}
