import type { Conversation, Group } from '../src/index.js';
import { app, client, groupOf, isGroup, isTopic, learn, nameOf, partnerOf, titleOf } from './app.js';
import { $, arrange, el, face, sorry } from './dom.js';
import { lately, preview } from './words.js';

/** Communities whose topics are looked up. */
const COMMUNITIES_MAX = 50;

interface Row {
  node: HTMLLIElement;
  button: HTMLButtonElement;
  signature: string;
}

const rows = new Map<string, Row>();
let conversations: Conversation[] = [];
let onOpen: (conversationID: string) => void = () => {};

export const conversation = (id: string): Conversation | undefined =>
  conversations.find((one) => one.conversationID === id);

/** Topics stand below their community, by name; everything else in the order of the client. */
function inOrder(): Conversation[] {
  const topics = new Map<string, Conversation[]>();
  for (const one of conversations) {
    if (isTopic(one.conversationID)) {
      const community = `GROUP${groupOf(one.conversationID)}`;
      topics.set(community, [...(topics.get(community) ?? []), one]);
    }
  }
  return conversations
    .filter((one) => !isTopic(one.conversationID) && one.type !== '@TIM#SYSTEM')
    .flatMap((one) => {
      const below = topics.get(one.conversationID) ?? [];
      return [one, ...below.sort((a, b) => titleOf(a).localeCompare(titleOf(b)))];
    });
}

function build(conversationID: string): Row {
  const button = el('button', { type: 'button', className: 'row', onclick: () => onOpen(conversationID) });
  return { node: el('li', {}, button), button, signature: '' };
}

/** Draws a row again if something that it shows is another now. */
function draw(row: Row, shown: Conversation): void {
  const { conversationID: id, unreadCount, lastMessage, draftText, groupAtInfoList, isPinned } = shown;
  const title = titleOf(shown);
  const isOpen = id === app.open;
  const draft = isOpen ? '' : draftText;
  const line = draft ? `Draft: ${draft}` : preview(lastMessage, isGroup(id));
  const time = lately(lastMessage.lastTime);
  const named = 0 < groupAtInfoList.length;
  const signature = JSON.stringify([title, line, time, unreadCount, isOpen, named, isPinned]);
  if (row.signature === signature) return;
  row.signature = signature;
  row.button.classList.toggle('open', isOpen);
  row.button.classList.toggle('topic', isTopic(id));
  row.button.setAttribute('aria-current', String(isOpen));
  const marks = el('span', { className: 'marks' });
  if (named) marks.append(el('span', { className: 'unread', title: 'you were named' }, '@'));
  if (0 < unreadCount) {
    const label = `${unreadCount} unread`;
    marks.append(el('span', { className: 'unread', title: label, ariaLabel: label }, 99 < unreadCount ? '99+' : unreadCount));
  }
  row.button.replaceChildren(
    isTopic(id) ? el('span', { className: 'hash', 'aria-hidden': 'true' }, '#') : face(partnerOf(id), title, isGroup(id)),
    el('span', { className: 'name' }, title),
    el('span', { className: 'time' }, isPinned ? `📌 ${time}` : time),
    el('span', { className: draft ? 'line draft' : 'line' }, line),
    marks,
  );
}

/** Shows the list, as far as it passes the filter. */
export function drawList(): void {
  const wanted = $<HTMLInputElement>('filter').value.trim().toLowerCase();
  const passes = (one: Conversation) =>
    !wanted || titleOf(one).toLowerCase().includes(wanted) || one.conversationID.toLowerCase().includes(wanted);
  const nodes = inOrder().filter(passes).map((one) => {
    const row = rows.get(one.conversationID) ?? build(one.conversationID);
    rows.set(one.conversationID, row);
    draw(row, one);
    return row.node;
  });
  for (const id of rows.keys()) if (!conversation(id)) rows.delete(id);
  const empty = wanted ? 'Nothing has this name.' : 'No conversations yet. Start one with +.';
  arrange($('groups'), 0 < nodes.length ? nodes : [el('li', { className: 'empty' }, empty)]);
}

/** Conversations whose last message was asked for, and how many are asked for. */
const asked = new Set<string>();
const ASKED_MAX = 30;

/** Reads the last message of topics, and of one-to-one conversations of which only the time is known. */
function findLast(list: Conversation[]): void {
  const isUnknown = ({ conversationID, lastMessage }: Conversation) =>
    isTopic(conversationID) || (!isGroup(conversationID) && 0 < lastMessage.lastTime);
  const unknown = list.filter((one) => !one.lastMessage.type && isUnknown(one));
  for (const { conversationID } of unknown.slice(0, ASKED_MAX)) {
    if (asked.has(conversationID)) continue;
    asked.add(conversationID);
    client().getMessageList({ conversationID, count: 1 }).catch(sorry);
  }
}

export function listed(list: Conversation[]): void {
  findLast(list);
  conversations = list;
  for (const { userProfile, lastMessage } of list) {
    if (userProfile) learn(userProfile.userID, userProfile.nick);
    learn(lastMessage.fromAccount, lastMessage.nick);
  }
  drawList();
}

/** Communities whose topics were looked up. */
const lookedUp = new Set<string>();

/** Looks up the names of the topics of new communities, and lists them. */
export async function findTopics(groups: Group[]): Promise<void> {
  const communities = groups.filter((group) => group.isSupportTopic).slice(0, COMMUNITIES_MAX);
  for (const { groupID } of communities) {
    if (lookedUp.has(groupID)) continue;
    lookedUp.add(groupID);
    const { data } = await client().getTopicList({ groupID });
    for (const { topicID, topicName } of data.successTopicList) {
      const id = `GROUP${topicID}`;
      app.topics.set(id, topicName || topicID);
      if (!conversation(id)) await client().getConversationProfile(id);
    }
  }
  drawList();
}

/** Takes notice that the topics of a community are others now. */
export async function topicsChanged(groupID: string): Promise<void> {
  lookedUp.delete(groupID);
  const { data } = await client().getGroupList();
  await findTopics(data.groupList);
}

/** Up and down go from row to row. */
function move(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const buttons = [...$('groups').querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[at + step]?.focus();
  event.preventDefault();
}

export function startList(open: (conversationID: string) => void): void {
  onOpen = open;
  $('groups').addEventListener('keydown', move);
  const filter = $<HTMLInputElement>('filter');
  filter.addEventListener('input', drawList);
  filter.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') $('groups').querySelector('button')?.focus();
    if (event.key === 'Enter') $('groups').querySelector('button')?.click();
  });
}

/** Forgets the list. */
export function clearList(): void {
  conversations = [];
  rows.clear();
  lookedUp.clear();
  asked.clear();
  $<HTMLInputElement>('filter').value = '';
  drawList();
}

/** Shows who is signed in. */
export async function showMe(): Promise<void> {
  try {
    const { data } = await client().getMyProfile();
    learn(app.me, data.nick);
  } catch (error) {
    sorry(error);
  }
  $('me').replaceChildren(face(app.me, nameOf(app.me)));
  $('me-name').textContent = nameOf(app.me);
}
