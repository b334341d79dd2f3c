import { TYPES } from '../constants.js';
import { placeOf, wirePlace } from '../convert/ids.js';
import type { Core } from '../core.js';
import { ChatError, CODE, ok, refuse, type Result } from '../error.js';
import type { Conversation } from '../models.js';
import { fetchGroup } from '../refresh.js';
import { loadProfiles } from '../sync.js';

/** Accounts of one call that sets how messages are announced. */
const REMIND_MAX = 30;

/** A conversation as `recentcontact` commands name it. */
export const contactOf = (conversationID: string): Record<string, unknown> => {
  const place = placeOf(conversationID);
  if (!place || place.type === TYPES.CONV_SYSTEM) {
    return refuse(CODE.CONVERSATION_ID, `${conversationID} is not the id of a conversation`);
  }
  return place.type === TYPES.CONV_C2C ? { Type: 1, To_Account: place.to } : { Type: 2, ToGroupId: place.to };
};

function matches(conversation: Conversation, filter: any): boolean {
  const { type, markType, groupName, hasUnreadCount, hasGroupAtInfo } = filter;
  return (
    (type === undefined || conversation.type === type) &&
    (markType === undefined || conversation.markList.includes(markType)) &&
    (groupName === undefined || conversation.conversationGroupList.includes(groupName)) &&
    (!hasUnreadCount || 0 < conversation.unreadCount) &&
    (!hasGroupAtInfo || 0 < conversation.groupAtInfoList.length)
  );
}

async function read(core: Core, conversation: Conversation): Promise<void> {
  const place = placeOf(conversation.conversationID)!;
  if (place.type !== TYPES.CONV_SYSTEM && 0 < conversation.unreadCount + (conversation._counted ?? 0)) {
    const MsgSeq = core.state.positions.get(conversation.conversationID) ?? conversation._counted ?? 0;
    const isPeer = place.type === TYPES.CONV_C2C;
    if (isPeer || 0 < MsgSeq) await core.request('read', { ...wirePlace(place), ...(!isPeer && { MsgSeq }) });
  }
  conversation.unreadCount = 0;
  conversation.groupAtInfoList = [];
}

/** Lists of conversations, and what an account keeps about one. */
export const conversationMethods = (core: Core) => ({
  async getConversationList(options?: any): Promise<Result> {
    let conversationList = core.conversations();
    if (Array.isArray(options)) {
      conversationList = conversationList.filter((one) => options.includes(one.conversationID));
    } else if (options) {
      conversationList = conversationList.filter((one) => matches(one, options));
    }
    return ok({ conversationList, isSyncCompleted: core.state.ready });
  },

  async getConversationProfile(conversationID: string): Promise<Result> {
    const place = placeOf(conversationID);
    if (!place) refuse(CODE.CONVERSATION_ID, `${conversationID} is not the id of a conversation`);
    if (place!.type === TYPES.CONV_C2C) {
      await loadProfiles(core, [place!.to]);
      if (!core.state.known.has(place!.to)) refuse(2501, `there is no account ${place!.to}`);
    } else if (place!.type === TYPES.CONV_GROUP && !place!.topicID && !core.state.groups.get(place!.to)?.name) {
      await fetchGroup(core, place!.to);
    }
    const conversation = core.conversation(conversationID);
    conversation._hidden = false;
    core.listChanged();
    return ok({ conversation });
  },

  async setMessageRead({ conversationID }: any): Promise<Result> {
    const conversation = core.state.conversations.get(conversationID);
    if (conversation) {
      await read(core, conversation);
      core.listChanged();
    }
    return ok({ conversationID });
  },

  async setAllMessageRead(options: any = {}): Promise<Result> {
    const { scope = TYPES.READ_ALL_MSG } = options;
    const wanted = core.conversations().filter(
      (one) =>
        0 < one.unreadCount &&
        (scope === TYPES.READ_ALL_MSG || (scope === TYPES.READ_ALL_C2C_MSG) === (one.type === TYPES.CONV_C2C)),
    );
    await Promise.all(wanted.map((one) => read(core, one)));
    core.listChanged();
    return ok({});
  },

  getTotalUnreadMessageCount: (): number => core.totalUnread(),

  async pinConversation({ conversationID, isPinned }: any): Promise<Result> {
    const place = placeOf(conversationID);
    if (!place || place.type === TYPES.CONV_SYSTEM) {
      refuse(CODE.CONVERSATION_ID, `${conversationID} is not the id of a conversation`);
    }
    await core.request('pin', { ...wirePlace(place!), TopFlag: isPinned ? 1 : 0 });
    const conversation = core.conversation(conversationID);
    if (conversation.isPinned !== Boolean(isPinned)) {
      conversation.isPinned = Boolean(isPinned);
      core.listChanged();
    }
    return ok({ conversationID });
  },

  async deleteConversation(options: any): Promise<Result> {
    const single = typeof options === 'string';
    const list: string[] = single ? [options] : (options?.conversationIDList ?? []);
    const ClearRamble = single || options?.clearHistoryMessage !== false ? 1 : 0;
    const failures: any[] = [];
    const done: string[] = [];
    for (const conversationID of list) {
      try {
        await core.request('recentcontact/delete', { ...contactOf(conversationID), ClearRamble });
        const conversation = core.state.conversations.get(conversationID);
        if (conversation) {
          conversation._hidden = true;
          conversation.unreadCount = 0;
        }
        if (ClearRamble) core.state.histories.get(conversationID)?.clear();
        done.push(conversationID);
      } catch (error) {
        if (single) throw error;
        const { code, message } = error as ChatError;
        failures.push({ conversationID, code, message });
      }
    }
    core.listChanged();
    return ok(
      single
        ? { conversationID: options }
        : { successConversationIDList: done, failureConversationIDList: failures },
    );
  },

  async setConversationDraft({ conversationID, draftText }: any): Promise<Result> {
    const conversation = core.conversation(conversationID);
    core.state.drafts.set(conversationID, draftText ?? '');
    conversation.draftText = draftText ?? '';
    core.listChanged();
    return ok({ conversation });
  },

  async setMessageRemindType({ groupID, userIDList, messageRemindType }: any): Promise<Result> {
    if (!groupID) {
      const failureUserList = (userIDList ?? []).slice(0, REMIND_MAX).map((userID: string) => ({
        userID,
        code: CODE.NOT_AVAILABLE,
        message: 'how messages of an account are announced cannot be set',
      }));
      return ok({ successUserList: [], failureUserList });
    }
    await core.request('modify_group_member_info', {
      GroupId: groupID,
      Member_Account: core.me,
      MsgFlag: messageRemindType,
    });
    const group = core.group(groupID);
    group.selfInfo.messageRemindType = messageRemindType;
    const conversation = core.state.conversations.get(`${TYPES.CONV_GROUP}${groupID}`);
    if (conversation) conversation.messageRemindType = messageRemindType;
    core.listChanged();
    return ok({ group });
  },
});
