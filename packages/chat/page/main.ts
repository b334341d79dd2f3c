// A small chat on the web SDK, for whoever wants to try the server: no framework, nothing that is fetched, nothing that is kept.
import LandfallChat, { EVENT, TYPES, type Chat, type Conversation, type Group, type Message } from '../src/index.js';
import { app, client, forget, groupOf, isGroup, learn } from './app.js';
import { edit, keepDraft, startComposer, takeDraft } from './composer.js';
import { drawDetails, startDetails } from './details.js';
import { $, note, reason, sorry } from './dom.js';
import { clearList, conversation, drawList, findTopics, listed, showMe, startList, topicsChanged } from './list.js';
import { forgetMessages, startMessages } from './message.js';
import { create, join, writeTo } from './start.js';
import { arrived, closeThread, drawHead, drawThread, openThread, startThread, tryAgain } from './thread.js';
import { noticeInWords } from './words.js';

const TITLE = 'Landfall chat';

/** Which of the panes a narrow window shows. */
const view = (name: 'list' | 'thread' | 'details'): void => void (document.body.dataset.view = name);

function advise(text: string): void {
  $('advice').textContent = text;
}

const STATES: Record<string, string> = {
  connected: 'Connected',
  connecting: 'Connecting…',
  disconnected: 'No connection, trying…',
};

function showState(state: string): void {
  Object.assign($('state'), { className: state, textContent: STATES[state] ?? state });
}

/** Shows the form again. */
function signedOut(advice: string): void {
  const { chat } = app;
  forget();
  clearList();
  close();
  forgetMessages();
  $<HTMLDialogElement>('dialog').close();
  $('app').hidden = true;
  $('gate').hidden = false;
  document.title = TITLE;
  advise(advice);
  // The client is still at work when it says that it was signed out.
  queueMicrotask(() => void chat?.destroy());
}

function close(): void {
  closeThread();
  $('thread').classList.add('empty');
  showDetails(false);
  view('list');
}

function showDetails(wanted: boolean): void {
  $('details').hidden = !wanted;
  $('details-button').setAttribute('aria-expanded', String(wanted));
  if (document.body.dataset.view !== 'list') view(wanted ? 'details' : 'thread');
  void drawDetails();
}

/** Opens a conversation, also one that is not in the list yet. */
async function open(conversationID: string): Promise<void> {
  const { data } = await client().getConversationProfile(conversationID);
  keepDraft();
  const shown: Conversation = data.conversation;
  $('thread').classList.remove('empty');
  view('thread');
  const reads = openThread(shown);
  drawList();
  takeDraft();
  if (!matchMedia('(pointer: coarse)').matches) $('say').focus();
  void drawDetails();
  await reads;
}

function received(messages: Message[]): void {
  for (const message of messages) {
    if (message.type !== TYPES.MSG_GRP_SYS_NOTICE) continue;
    const words = noticeInWords(message);
    if (words) note(words);
  }
  arrived(messages);
  const tips = messages.filter((one) => one.type === TYPES.MSG_GRP_TIP && one.conversationID === app.open);
  if (0 < tips.length) void drawDetails();
}

function groupsChanged(groups: Group[]): void {
  findTopics(groups).catch(sorry);
  if (isGroup(app.open) && !groups.some((group) => group.groupID === groupOf(app.open))) close();
}

function listChanged(list: Conversation[]): void {
  listed(list);
  const shown = conversation(app.open);
  if (shown) drawHead(shown);
}

const WHY: Record<string, string> = {
  [TYPES.KICKED_OUT_REST_API]: 'The account was kicked, or deleted. Make a new UserSig, and sign in again.',
  [TYPES.KICKED_OUT_USERSIG_EXPIRED]: 'The UserSig has expired. Make a new one, and sign in again.',
  [TYPES.KICKED_OUT_MULT_DEVICE]: 'The account has signed in on too many devices. Close one of them, and sign in again.',
};

function listen(chat: Chat): void {
  const on = (name: string, handler: (data: any) => void) => chat.on(name, (event: any) => handler(event.data));
  on(EVENT.SDK_READY, () => void showMe());
  on(EVENT.CONVERSATION_LIST_UPDATED, listChanged);
  on(EVENT.GROUP_LIST_UPDATED, groupsChanged);
  on(EVENT.MESSAGE_RECEIVED, received);
  for (const name of [EVENT.MESSAGE_REVOKED, EVENT.MESSAGE_MODIFIED]) on(name, drawThread);
  on(EVENT.MESSAGE_READ_BY_PEER, drawThread);
  on(EVENT.PROFILE_UPDATED, (profiles: any[]) => {
    for (const { userID, nick } of profiles) learn(userID, nick);
    drawList();
  });
  on(EVENT.TOTAL_UNREAD_MESSAGE_COUNT_UPDATED, (unread: number) => (document.title = unread ? `(${unread}) ${TITLE}` : TITLE));
  for (const name of [EVENT.TOPIC_CREATED, EVENT.TOPIC_DELETED, EVENT.TOPIC_UPDATED]) {
    on(name, ({ groupID }) => topicsChanged(groupID).catch(sorry));
  }
  on(EVENT.NET_STATE_CHANGE, ({ state }) => {
    showState(state);
    if (state === TYPES.NET_STATE_CONNECTED) tryAgain();
  });
  on(EVENT.KICKED_OUT, ({ type }) => signedOut(WHY[type] ?? 'The server signed this account out. Sign in again.'));
}

async function signIn(): Promise<void> {
  const button = $<HTMLButtonElement>('button');
  const value = (id: string) => $<HTMLInputElement>(id).value.trim();
  advise('');
  button.disabled = true;
  const chat = LandfallChat.create({ SDKAppID: Number(value('sdkappid')) });
  app.chat = chat;
  app.me = value('identifier');
  listen(chat);
  try {
    await chat.login({ userID: app.me, userSig: value('usersig') });
    $('gate').hidden = true;
    $('app').hidden = false;
    view('list');
    $('me-name').textContent = app.me;
  } catch (error) {
    const { code = 0 } = error as { code?: number };
    const isRefused = 70_000 <= code && code < 80_000;
    signedOut(`${reason(error)}. ${isRefused ? 'Check SDKAppID, account and UserSig.' : 'Try again in a while.'}`);
  }
  button.disabled = false;
}

/** Takes what a link gives, and removes it from the address. A link that gives everything signs in. */
function fillIn(): void {
  if (location.hash.length < 2) return;
  const given = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, '', location.pathname);
  if (app.chat) return;
  const names = ['sdkappid', 'identifier', 'usersig'];
  for (const name of names) if (given.has(name)) $<HTMLInputElement>(name).value = given.get(name)!;
  const missing = names.find((name) => $<HTMLInputElement>(name).value === '');
  if (missing) $(missing).focus();
  else void signIn();
}

function start(): void {
  const guarded = (id: string) => open(id).catch(sorry);
  startList((id) => void guarded(id));
  startThread();
  startComposer();
  startMessages(arrived, edit);
  startDetails(close);
  $('form').addEventListener('submit', (event) => {
    event.preventDefault();
    void signIn();
  });
  $('leave').addEventListener('click', () => signedOut(''));
  for (const [id, begin] of Object.entries({ 'new-chat': writeTo, 'new-join': join, 'new-group': create })) {
    $(id).addEventListener('click', () => {
      $<HTMLDetailsElement>('new').open = false;
      begin(open);
    });
  }
  $('details-button').addEventListener('click', () => showDetails(Boolean($('details').hidden)));
  $('details-close').addEventListener('click', () => showDetails(false));
  $('back').addEventListener('click', () => {
    keepDraft();
    close();
    drawList();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'k' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      $('filter').focus();
    }
    if (event.key === 'Escape') {
      $<HTMLDetailsElement>('new').open = false;
      if (!$('details').hidden && !$<HTMLDialogElement>('dialog').open) showDetails(false);
    }
  });
  addEventListener('hashchange', fillIn);
  fillIn();
}

start();
