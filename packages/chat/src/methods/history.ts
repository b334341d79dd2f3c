import { TYPES } from '../constants.js';
import { placeOf, wirePlace, type Place } from '../convert/ids.js';
import { fromRoam } from '../convert/message.js';
import type { Core } from '../core.js';
import { CODE, ok, refuse, type Result } from '../error.js';
import type { Message } from '../models.js';
import { loadProfiles, named, toMessage, unnamedIn } from '../sync.js';

/** Messages of one page, where an app does not say, and at most. */
const PAGE = 15;
const PAGE_MAX = 20;
/** Pages that are asked for in a row when a part of a history has nothing to show. */
const EMPTY_PAGES_MAX = 5;

interface Page {
  messages: Message[];
  /** Where the next page begins; 0 where there is none. */
  next: number;
  isCompleted: boolean;
}

const place = (conversationID: string): Place => {
  const found = placeOf(conversationID);
  if (!found) return refuse(CODE.CONVERSATION_ID, `${conversationID} is not the id of a conversation`);
  return found;
};

async function groupPage(core: Core, where: Place, from: number, count: number, forward: boolean): Promise<Page> {
  const page: Page = { messages: [], next: from, isCompleted: false };
  for (let tries = 0; tries < EMPTY_PAGES_MAX && page.messages.length === 0 && !page.isCompleted; tries += 1) {
    const answer = await core.request('group_msg_get_simple', {
      ...wirePlace(where),
      ReqMsgNumber: count,
      ...(page.next && { ReqMsgSeq: page.next }),
      ...(forward && { Forward: 1 }),
    });
    page.messages = answer.RspMsgList.filter((row: any) => row.Event !== 'deleted').map((row: any) =>
      toMessage(core, row),
    );
    page.next = answer.NextMsgSeq ?? 0;
    page.isCompleted = answer.IsFinished === 1 || page.next === 0;
  }
  return page;
}

async function peerPage(core: Core, where: Place, key: string, count: number, until: number): Promise<Page & { key: string }> {
  const answer = await core.request('admin_getroammsg', {
    Peer_Account: where.to,
    MaxCnt: count,
    MinTime: 0,
    MaxTime: until,
    ...(key && { LastMsgKey: key }),
  });
  const rows: any[] = answer.MsgList ?? [];
  const messages = rows.map((row) => named(core, fromRoam(row, core.me)));
  return { messages, next: answer.LastMsgTime ?? 0, isCompleted: answer.Complete === 1, key: answer.LastMsgKey ?? '' };
}

/** Keeps what was read, with the nicks of its senders; the oldest first. */
async function keep(core: Core, conversationID: string, messages: Message[]): Promise<Message[]> {
  await loadProfiles(core, [...new Set(messages.flatMap(unnamedIn))]).catch(() => {});
  const history = core.history(conversationID);
  const kept = messages.map((message) => history.add(named(core, message)));
  return [...new Set(kept)].sort((one, other) =>
    one.conversationType === TYPES.CONV_C2C ? one.time - other.time || one.sequence - other.sequence : one.sequence - other.sequence,
  );
}

/** The list of one-to-one conversations says when the last message came, and not what it is. */
function learnLast(core: Core, conversationID: string, messages: Message[]): void {
  const conversation = core.state.conversations.get(conversationID);
  const newest = messages[messages.length - 1];
  if (!newest || !conversation || conversation.lastMessage.type) return;
  core.setLast(conversation, newest);
  core.listChanged();
}

const now = (core: Core): number => Math.floor((Date.now() + core.state.clock) / 1000);

/** Reading histories. */
export const historyMethods = (core: Core) => ({
  async getMessageList(options: any): Promise<Result> {
    const { conversationID, nextReqMessageID = '' } = options ?? {};
    const count = Math.min(options?.count ?? PAGE, PAGE_MAX);
    const where = place(conversationID);
    if (where.type === TYPES.CONV_SYSTEM) return ok({ messageList: [], nextReqMessageID: '', isCompleted: true });
    const before = nextReqMessageID ? core.history(conversationID).get(nextReqMessageID) : undefined;
    let page: Page;
    if (where.type === TYPES.CONV_C2C) {
      page = await peerPage(core, where, before?._key ?? '', count, before?.time ?? now(core) + 60);
    } else {
      const from = before ? before.sequence - 1 : 0;
      if (before && from < 1) return ok({ messageList: [], nextReqMessageID: '', isCompleted: true });
      page = await groupPage(core, where, from, count, false);
    }
    const messageList = await keep(core, conversationID, page.messages);
    learnLast(core, conversationID, messageList);
    const isCompleted = page.isCompleted || messageList.length === 0;
    return ok({ messageList, nextReqMessageID: isCompleted ? '' : (messageList[0]?.ID ?? ''), isCompleted });
  },

  async getMessageListHopping(options: any): Promise<Result> {
    const { conversationID, sequence = 0, time = 0, direction = 0 } = options ?? {};
    const count = Math.min(options?.count ?? PAGE, PAGE_MAX);
    const where = place(conversationID);
    if (where.type === TYPES.CONV_C2C) {
      const until = direction === 1 ? now(core) + 60 : time || now(core) + 60;
      const page = await peerPage(core, where, '', direction === 1 ? 100 : count, until);
      const wanted = direction === 1 ? page.messages.filter((one) => time < one.time).slice(0, count) : page.messages;
      const messageList = await keep(core, conversationID, wanted);
      const nextMessageTime = messageList[direction === 1 ? messageList.length - 1 : 0]?.time ?? 0;
      return ok({ messageList, nextMessageSeq: 0, nextMessageTime, isCompleted: page.isCompleted });
    }
    const page = await groupPage(core, where, sequence, count, direction === 1);
    const messageList = await keep(core, conversationID, page.messages);
    return ok({ messageList, nextMessageSeq: page.next, nextMessageTime: 0, isCompleted: page.isCompleted });
  },

  async clearHistoryMessage(conversationID: string): Promise<Result> {
    const where = place(conversationID);
    if (where.type === TYPES.CONV_C2C) {
      await core.request('recentcontact/delete', { Type: 1, To_Account: where.to, ClearRamble: 1 });
    } else {
      refuse(CODE.NOT_AVAILABLE, 'the history of a group cannot be cleared for one account alone');
    }
    core.history(conversationID).clear();
    core.listChanged();
    return ok({ conversationID });
  },
});
