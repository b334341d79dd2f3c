import { TYPES, type Message } from '../src/index.js';
import { app, client, isGroup, nameOf } from './app.js';
import { el, face, sorry } from './dom.js';
import { KIND_NAMES, addressIn, elementInWords, timeOf, tipInWords } from './words.js';

/** Where a message stands among its neighbours. */
export interface Place {
  /** Nothing of the same sender comes right before it. */
  isFirst: boolean;
  /** Nothing of the same sender comes right after it. */
  isLast: boolean;
  /** It is the newest message of this account. */
  isLastOwn: boolean;
}

/** How long the server lets a member recall what it sent, seconds. */
const RECALL_MAX = 120;

const drawn = new Map<string, { signature: string; node: HTMLElement }>();
const problems = new Map<string, string>();
let onEdit: (message: Message) => void = () => {};
let onChange: (messages: Message[]) => void = () => {};

const ADDRESS = /(https?:\/\/[^\s<>"]+[^\s<>".,:;!?)\]}'])/;

/** Text with its addresses as links. */
function linked(text: string): (HTMLElement | string)[] {
  return text.split(ADDRESS).map((part, at) => (at % 2 === 1 ? link(part, part) : part));
}

const link = (href: string, text: string): HTMLElement =>
  el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, text);

function element(type: string, payload: any): HTMLElement {
  if (type === TYPES.MSG_TEXT) return el('div', { className: 'text' }, ...linked(payload.text));
  const address = addressIn(type, payload);
  const words = elementInWords(type, payload);
  const kind = el('div', { className: 'kind' }, KIND_NAMES[type] ?? type);
  return el('div', { className: 'text other' }, kind, address ? link(address, words) : words);
}

/** All elements of a message: what it has besides the first one is as the server has it. */
function body(message: Message): HTMLElement[] {
  const { type, payload, _elements } = message;
  const first = element(type, payload);
  const more: any[] = (_elements ?? []).slice(1);
  const text = (one: any) => (one.MsgType === TYPES.MSG_TEXT ? (one.MsgContent?.Text ?? '') : undefined);
  return [
    first,
    ...more.map((one) =>
      text(one) === undefined
        ? el('div', { className: 'text other' }, el('div', { className: 'kind' }, KIND_NAMES[one.MsgType] ?? one.MsgType))
        : element(TYPES.MSG_TEXT, { text: text(one) }),
    ),
  ];
}

function actions(message: Message): HTMLElement | false {
  const isRecent = Date.now() / 1000 - message.time < RECALL_MAX;
  const isDone = message.flow !== 'out' || message.status !== 'success';
  if (isDone || (!isRecent && message.type !== TYPES.MSG_TEXT)) return false;
  const button = (text: string, onclick: () => void) => el('button', { type: 'button', onclick }, text);
  return el(
    'div',
    { className: 'actions' },
    message.type === TYPES.MSG_TEXT && !message._elements && button('Edit', () => onEdit(message)),
    isRecent && button('Recall', () => void recall(message)),
  );
}

async function recall(message: Message): Promise<void> {
  try {
    await client().revokeMessage(message);
    onChange([message]);
  } catch (error) {
    sorry(error);
  }
}

function said(message: Message, place: Place): HTMLElement {
  const isOwn = message.flow === 'out';
  const isOthers = !isOwn && isGroup(app.open);
  const name = message.nameCard || message.nick || nameOf(message.from);
  const time = el('time', { dateTime: new Date(message.time * 1000).toISOString() }, timeOf(message.time));
  const state = [message.isModified && 'edited', place.isLastOwn && message.isPeerRead && 'read'].filter(Boolean);
  const problem = problems.get(message.ID);
  const again = el('button', { type: 'button', onclick: () => void send(message, true) }, 'Try again');
  const classes = ['message', isOwn ? 'out' : 'in', place.isFirst && 'first', place.isLast && 'last', message.status];
  return el(
    'li',
    { className: classes.filter(Boolean).join(' ') },
    isOthers && place.isFirst && face(message.from, name),
    el(
      'div',
      // What one can do with it shows when it is pointed at, or chosen with the keyboard.
      { className: 'bubble', ...(isOwn && { tabIndex: 0 }) },
      isOthers && place.isFirst && el('div', { className: 'who' }, name),
      ...body(message),
      el('div', { className: 'meta' }, ...state.map((word) => `${word} · `), time),
    ),
    actions(message),
    problem !== undefined && el('div', { className: 'problem', role: 'alert' }, `Not sent: ${problem} `, again),
  );
}

function build(message: Message, place: Place): HTMLElement {
  const time = el('time', {}, timeOf(message.time));
  if (message.isRevoked) {
    const revoker = message.revoker || message.from;
    const by = revoker === app.me ? 'You' : message.revokerInfo.nick || nameOf(revoker);
    const reason = message.revokeReason ? `: “${message.revokeReason}”` : '';
    return el('li', { className: 'tip recalled' }, el('span', { className: 'text' }, `${by} recalled a message${reason}`), time);
  }
  if (message.type === TYPES.MSG_GRP_TIP) {
    return el('li', { className: 'tip' }, el('span', { className: 'text' }, tipInWords(message.payload)), time);
  }
  return said(message, place);
}

/** The row of a message: the same one as before, unless something that it shows is another now. */
export function draw(message: Message, place: Place): HTMLElement {
  const { ID, status, isRevoked, isModified, isPeerRead, payload, nick, time } = message;
  const signature = JSON.stringify([status, isRevoked, isModified, isPeerRead, payload, nick, time, place, problems.get(ID)]);
  const before = drawn.get(ID);
  if (before?.signature === signature) return before.node;
  const node = build(message, place);
  drawn.set(ID, { signature, node });
  return node;
}

/** Sends a message, or sends it again. */
export async function send(message: Message, isAgain = false): Promise<void> {
  problems.delete(message.ID);
  onChange([message]);
  try {
    await (isAgain ? client().resendMessage(message) : client().sendMessage(message));
  } catch (error) {
    problems.set(message.ID, (error as Error).message);
  }
  onChange([message]);
}

export function forgetMessages(): void {
  drawn.clear();
  problems.clear();
}

export function forgetDrawn(): void {
  drawn.clear();
}

export function startMessages(change: (messages: Message[]) => void, edit: (message: Message) => void): void {
  onChange = change;
  onEdit = edit;
}
