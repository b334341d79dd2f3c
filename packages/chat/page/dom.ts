type Child = Node | string | number | false | undefined;

/** The element of the page with this id. */
export const $ = <E extends HTMLElement = HTMLElement>(id: string): E => document.getElementById(id) as E;

/** A new element. Text is only ever added as text, so whatever it holds is shown and never runs. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Record<string, unknown> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) (element as any)[name] = value;
    else element.setAttribute(name, String(value));
  }
  add(element, ...children);
  return element;
}

export function add(parent: Element, ...children: Child[]): void {
  for (const child of children) {
    if (child instanceof Node) parent.append(child);
    else if (child !== false && child !== undefined) parent.append(String(child));
  }
}

/** Gives an element these children. Those that are there already stay as they are, so that nothing is read out twice. */
export function arrange(parent: Element, wanted: Element[]): void {
  const keeps = new Set(wanted);
  const focused = document.activeElement;
  for (const child of [...parent.children]) if (!keeps.has(child)) child.remove();
  wanted.forEach((child, place) => {
    const there = parent.children[place];
    if (there !== child) parent.insertBefore(child, there ?? null);
  });
  if (focused instanceof HTMLElement && focused !== document.activeElement && parent.contains(focused)) focused.focus();
}

const HUES = 8;

function hue(id: string): number {
  let value = 0x811c9dc5;
  for (const letter of id) value = Math.imul(value ^ letter.codePointAt(0)!, 0x01000193);
  return (value >>> 5) % HUES;
}

function initials(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const first = [...(words[0] ?? '#')][0] ?? '#';
  // Names of some scripts have no spaces: one of their letters is enough.
  const second = /^[\p{Script=Latin}\p{N}]/u.test(first) ? [...(words[1] ?? '')][0] : undefined;
  return (first + (second ?? '')).toUpperCase();
}

/** The initials of a name on a colour that belongs to the id: round for an account, square for a group. */
export const face = (id: string, name: string, isGroup = false): HTMLElement =>
  el('span', { className: `face hue-${hue(id)}${isGroup ? ' square' : ''}`, 'aria-hidden': 'true' }, initials(name));

/** How long a note stays, milliseconds, and how many are shown. */
const NOTE_STAYS = 8000;
const NOTES_MAX = 4;

/** Shows a line above everything else for a while. */
export function note(text: string): void {
  const notes = $('notes');
  const shown = el('div', { className: 'note' }, el('span', { className: 'text' }, text));
  shown.append(el('button', { type: 'button', ariaLabel: 'Close', onclick: () => shown.remove() }, '×'));
  notes.append(shown);
  while (NOTES_MAX < notes.children.length) notes.firstElementChild?.remove();
  setTimeout(() => shown.remove(), NOTE_STAYS);
}

/** Says why something did not work. */
export function sorry(error: unknown): void {
  note(reason(error));
}

export function reason(error: unknown): string {
  const { message, code } = error as { message?: string; code?: number };
  return code === undefined ? (message ?? String(error)) : `${message} (${code})`;
}
