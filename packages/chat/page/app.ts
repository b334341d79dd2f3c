import type { Chat, Conversation, Message } from '../src/index.js';

/** What the parts of the page share. */
export const app = {
  /** The client, while an account is signed in. */
  chat: undefined as Chat | undefined,
  me: '',
  /** The id of the conversation that is shown; empty where none is. */
  open: '',
  /** Names of topics, by the id of their conversation. */
  topics: new Map<string, string>(),
};

/** The signed-in client. Whatever is pressed without one does nothing. */
export function client(): Chat {
  if (!app.chat) throw new Error('no account is signed in');
  return app.chat;
}

const TOPIC = '@TOPIC#_';

export const isGroup = (conversationID: string): boolean => conversationID.startsWith('GROUP');
export const isTopic = (conversationID: string): boolean => conversationID.includes(TOPIC);

/** The group of a conversation; of a topic it is the community. */
export const groupOf = (conversationID: string): string => conversationID.slice('GROUP'.length).split(TOPIC)[0]!;

/** The group, or the other account, of a conversation. */
export const partnerOf = (id: string): string => (isGroup(id) ? groupOf(id) : id.slice('C2C'.length));

/** Nicks by account, as far as they were heard. */
const nicks = new Map<string, string>();

/** Nicks that are remembered at most. */
const NICKS_MAX = 20_000;

export function learn(userID: string, nick: string | undefined): void {
  if (!userID || !nick) return;
  if (NICKS_MAX <= nicks.size) nicks.clear();
  nicks.set(userID, nick);
}

export function learnFrom(message: Message): void {
  learn(message.from, message.nick);
  for (const member of message.payload?.memberList ?? []) learn(member.userID, member.nick);
}

export const nameOf = (userID: string): string => nicks.get(userID) || userID;

export function titleOf(conversation: Conversation): string {
  const { conversationID, groupProfile, userProfile, remark } = conversation;
  if (isTopic(conversationID)) return app.topics.get(conversationID) ?? conversationID.slice('GROUP'.length);
  if (isGroup(conversationID)) return groupProfile?.name || groupOf(conversationID);
  return remark || userProfile?.nick || partnerOf(conversationID);
}

/** Forgets everything of the account. */
export function forget(): void {
  app.chat = undefined;
  app.me = app.open = '';
  app.topics.clear();
  nicks.clear();
}
