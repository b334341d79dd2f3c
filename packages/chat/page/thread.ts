import { TYPES, type Conversation, type Message } from '../src/index.js';
import { app, client, groupOf, isGroup, isTopic, learnFrom, partnerOf, titleOf } from './app.js';
import { $, arrange, el, face, sorry } from './dom.js';
import { conversation } from './list.js';
import { draw, forgetDrawn, type Place } from './message.js';
import { dayInWords, dayKey } from './words.js';

const PAGE = 20;
/** Messages after which the oldest are let go when the newest are in sight, and how many stay. */
const KEPT_MAX = 600;
const KEPT = 300;
/** How close to an end is near enough, pixels. */
const NEAR = 120;
/** Messages of one account within this time belong together, seconds. */
const TOGETHER = 300;

let messages: Message[] = [];
let next = '';
let isComplete = false;
let isLoading = false;
/** The first message that was not read when the conversation was opened. */
let firstUnread = '';
/** Whether the end was in sight before the window got another size. */
let stays = true;
/** Counts what was opened, so that answers for something else are dropped. */
let opened = 0;
const days = new Map<number, HTMLElement>();
const unreadLine = el('li', { className: 'day new' }, el('span', {}, 'New messages'));

const log = (): HTMLElement => $('log');
const isAtEnd = (): boolean => log().scrollHeight - log().scrollTop - log().clientHeight < NEAR;

function toEnd(): void {
  log().scrollTop = log().scrollHeight;
  $('newer').hidden = true;
}

function isAfter(one: Message, other: Message): boolean {
  if (isGroup(app.open) && 0 < one.sequence && 0 < other.sequence) return other.sequence < one.sequence;
  return other.time < one.time;
}

/** Puts a message where it belongs, once. */
function put(message: Message): void {
  learnFrom(message);
  messages = messages.filter((one) => one.ID !== message.ID);
  let place = messages.length;
  while (0 < place && isAfter(messages[place - 1]!, message)) place -= 1;
  messages.splice(place, 0, message);
}

const isSaid = (message: Message): boolean => message.type !== TYPES.MSG_GRP_TIP && !message.isRevoked;

/** Whether a message goes on from the one before it. */
function follows(message: Message, before: Message | undefined): boolean {
  if (!before || !isSaid(before) || !isSaid(message) || message.ID === firstUnread) return false;
  const isSameDay = dayKey(before.time) === dayKey(message.time);
  return before.from === message.from && isSameDay && message.time - before.time < TOGETHER;
}

function dayLine(seconds: number): HTMLElement {
  const key = dayKey(seconds);
  const line = days.get(key) ?? el('li', { className: 'day' }, el('span', {}));
  line.firstElementChild!.textContent = dayInWords(seconds);
  days.set(key, line);
  return line;
}

function render(): void {
  const nodes: HTMLElement[] = [];
  const lastOwn = messages.findLast((message) => message.flow === 'out' && isSaid(message));
  messages.forEach((message, at) => {
    const before = messages[at - 1];
    const after = messages[at + 1];
    if (!before || dayKey(before.time) !== dayKey(message.time)) nodes.push(dayLine(message.time));
    if (message.ID === firstUnread) nodes.push(unreadLine);
    const place: Place = {
      isFirst: !follows(message, before),
      isLast: !after || !follows(after, message),
      isLastOwn: message === lastOwn,
    };
    nodes.push(draw(message, place));
  });
  arrange(log(), nodes);
  $('log-empty').hidden = 0 < messages.length || isLoading;
}

/** Draws what has changed, and stays at the end if it was there. */
export function drawThread(): void {
  const wasAtEnd = isAtEnd();
  if (wasAtEnd && KEPT_MAX < messages.length) {
    messages = messages.slice(-KEPT);
    next = messages[0]!.ID;
    isComplete = false;
  }
  render();
  if (wasAtEnd) toEnd();
}

/** Reads the page before the oldest message, and stays where it was. */
async function readPage(turn: number): Promise<void> {
  const { data } = await client().getMessageList({ conversationID: app.open, nextReqMessageID: next, count: PAGE });
  if (turn !== opened) return;
  const fromEnd = log().scrollHeight - log().scrollTop;
  data.messageList.forEach(put);
  next = data.nextReqMessageID;
  isComplete = data.isCompleted;
  render();
  log().scrollTop = log().scrollHeight - fromEnd;
}

/** Reads older messages: a page, and more as long as there is nothing to scroll. */
async function loadOlder(): Promise<void> {
  if (isLoading || isComplete || !app.open) return;
  const turn = opened;
  isLoading = true;
  $('older').hidden = false;
  try {
    do await readPage(turn);
    while (turn === opened && !isComplete && log().scrollHeight <= log().clientHeight + NEAR);
  } catch (error) {
    if (turn === opened) sorry(error);
  }
  if (turn !== opened) return;
  isLoading = false;
  $('older').hidden = true;
  $('log-empty').hidden = 0 < messages.length;
}

/** Reads what could not be read without a connection. */
export function tryAgain(): void {
  if (messages.length === 0) void loadOlder();
}

/** Says that what is in sight was read. */
export function markRead(): void {
  const shown = conversation(app.open);
  if (!shown || document.visibilityState !== 'visible') return;
  if (shown.unreadCount === 0 && shown.groupAtInfoList.length === 0) return;
  client().setMessageRead({ conversationID: app.open }).catch(sorry);
}

/** Shows the name of the conversation, and what it is. */
export function drawHead(shown: Conversation): void {
  const id = shown.conversationID;
  const title = titleOf(shown);
  const count: number = shown.groupProfile?.memberCount ?? 0;
  $('thread-face').replaceChildren(face(partnerOf(id), title, isGroup(id)));
  $('thread-name').textContent = title;
  const community = conversation(`GROUP${groupOf(id)}`);
  if (isTopic(id)) $('thread-line').textContent = community ? `Topic of ${titleOf(community)}` : 'Topic';
  else if (isGroup(id)) $('thread-line').textContent = count === 1 ? '1 member' : `${count} members`;
  else $('thread-line').textContent = partnerOf(id);
  const isIndex = isGroup(id) && !isTopic(id) && Boolean(shown.groupProfile?.isSupportTopic);
  $('composer').hidden = isIndex;
  $('index').hidden = !isIndex;
}

/** Shows a conversation from its end. */
export async function openThread(shown: Conversation): Promise<void> {
  opened += 1;
  const turn = opened;
  app.open = shown.conversationID;
  const unread = shown.unreadCount;
  messages = [];
  next = firstUnread = '';
  isLoading = false;
  // Live rooms keep no history.
  isComplete = shown.groupProfile?.type === TYPES.GRP_AVCHATROOM;
  days.clear();
  forgetDrawn();
  drawHead(shown);
  render();
  $('newer').hidden = true;
  stays = true;
  await loadOlder();
  if (turn !== opened) return;
  const others = messages.filter((message) => message.flow === 'in');
  firstUnread = 0 < unread && unread < others.length ? others[others.length - unread]!.ID : '';
  render();
  toEnd();
  markRead();
}

export function closeThread(): void {
  opened += 1;
  app.open = '';
  messages = [];
  forgetDrawn();
  arrange(log(), []);
}

/** Takes messages that came or were sent, if they belong here. */
export function arrived(list: Message[]): void {
  const here = list.filter((message) => message.conversationID === app.open);
  if (here.length === 0) return;
  const wasAtEnd = isAtEnd();
  here.forEach(put);
  drawThread();
  if (here.some((message) => message.flow === 'out')) toEnd();
  else if (!wasAtEnd) $('newer').hidden = false;
  markRead();
}

/** The last message that this account can still change. */
export const lastOwn = (): Message | undefined =>
  messages.findLast((message) => message.flow === 'out' && message.type === TYPES.MSG_TEXT && isSaid(message));

export function startThread(): void {
  log().addEventListener('scroll', () => {
    stays = isAtEnd();
    if (stays) $('newer').hidden = true;
    if (log().scrollTop < NEAR) void loadOlder();
  });
  $('newer').addEventListener('click', toEnd);
  document.addEventListener('visibilitychange', markRead);
  new ResizeObserver(() => {
    if (stays) toEnd();
  }).observe(log());
}
