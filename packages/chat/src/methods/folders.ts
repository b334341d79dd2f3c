import { EVENT } from '../constants.js';
import type { Core } from '../core.js';
import { CODE, ok, refuse, type Result } from '../error.js';
import { loadFolders } from '../sync.js';
import { contactOf } from './conversations.js';

const idOf = (item: any): string => (item.Type === 1 ? `C2C${item.To_Account}` : `GROUP${item.ToGroupId}`);

/** Successes and failures of single conversations. */
function outcome(rows: any[] | undefined): { successConversationIDList: string[]; failureConversationIDList: any[] } {
  const successConversationIDList: string[] = [];
  const failureConversationIDList: any[] = [];
  for (const row of rows ?? []) {
    const conversationID = idOf(row.ContactItem);
    if (row.ResultCode === 0) successConversationIDList.push(conversationID);
    else failureConversationIDList.push({ conversationID, code: row.ResultCode, message: row.ResultInfo });
  }
  return { successConversationIDList, failureConversationIDList };
}

/** Marks of conversations, and groups of conversations. */
export const folderMethods = (core: Core) => {
  const names = (): string[] => [...core.state.folders.keys()];

  const update = (UpdateGroup: any): Promise<any> => core.request('update_contact_group', { UpdateType: 1, UpdateGroup });

  const put = async (groupName: string, list: string[], ContactOptType: 1 | 2): Promise<Result> => {
    const answer = await update({
      UpdateGroupType: 2,
      OldGroupName: groupName,
      ContactUpdateItem: list.map((id) => ({ ContactOptType, ContactItem: contactOf(id) })),
    });
    const result = outcome(answer.UpdateGroupResult?.ContactResultItem);
    for (const id of result.successConversationIDList) {
      const conversation = core.state.conversations.get(id);
      if (!conversation) continue;
      const others = conversation.conversationGroupList.filter((name) => name !== groupName);
      conversation.conversationGroupList = ContactOptType === 1 ? [...others, groupName] : others;
    }
    const conversationList = core.conversations().filter((one) => one.conversationGroupList.includes(groupName));
    core.emit(EVENT.CONVERSATION_IN_GROUP_UPDATED, { groupName, conversationList });
    core.listChanged();
    return ok(result);
  };

  const changed = async (): Promise<void> => {
    await loadFolders(core);
    core.emit(EVENT.CONVERSATION_GROUP_LIST_UPDATED, names());
  };

  return {
    async markConversation({ conversationIDList, markType, enableMark }: any): Promise<Result> {
      const MarkItem = (conversationIDList ?? []).map((id: string) => ({
        OptType: 1,
        ContactItem: contactOf(id),
        ...(enableMark ? { SetMark: [markType] } : { ClearMark: [markType] }),
      }));
      const answer = await core.request('mark_contact', { MarkItem });
      const result = outcome(answer.ResultItem);
      for (const id of result.successConversationIDList) {
        const conversation = core.conversation(id);
        const others = conversation.markList.filter((mark) => mark !== markType);
        conversation.markList = enableMark ? [...others, markType] : others;
      }
      core.listChanged();
      return ok(result);
    },

    async setConversationCustomData({ conversationIDList, customData }: any): Promise<Result> {
      const MarkItem = (conversationIDList ?? []).map((id: string) => ({
        OptType: 2,
        ContactItem: contactOf(id),
        CustomMark: customData,
      }));
      const answer = await core.request('mark_contact', { MarkItem });
      const result = outcome(answer.ResultItem);
      for (const id of result.successConversationIDList) core.conversation(id).customData = customData;
      core.listChanged();
      return ok(result);
    },

    async getConversationGroupList(): Promise<Result> {
      await loadFolders(core);
      return ok({ groupNameList: names() });
    },

    async createConversationGroup({ groupName, conversationIDList }: any): Promise<Result> {
      const ContactItem = (conversationIDList ?? []).map(contactOf);
      const answer = await core.request('create_contact_group', {
        GroupContactItem: [{ GroupName: groupName, ContactItem }],
      });
      const result = outcome(answer.GroupResultItem?.[0]?.ResultItem);
      for (const id of result.successConversationIDList) {
        core.conversation(id).conversationGroupList.push(groupName);
      }
      await changed();
      core.listChanged();
      return ok(result);
    },

    async deleteConversationGroup(groupName: string): Promise<Result> {
      if (!groupName) refuse(CODE.EMPTY_OPTIONS, 'groupName is missing');
      await core.request('del_contact_group', { GroupName: [groupName] });
      for (const one of core.state.conversations.values()) {
        one.conversationGroupList = one.conversationGroupList.filter((name) => name !== groupName);
      }
      await changed();
      return ok({ groupName });
    },

    async renameConversationGroup({ oldName, newName }: any): Promise<Result> {
      await update({ UpdateGroupType: 1, OldGroupName: oldName, NewGroupName: newName });
      for (const one of core.state.conversations.values()) {
        one.conversationGroupList = one.conversationGroupList.map((name) => (name === oldName ? newName : name));
      }
      await changed();
      return ok({ groupName: newName });
    },

    addConversationsToGroup: ({ groupName, conversationIDList }: any): Promise<Result> =>
      put(groupName, conversationIDList ?? [], 1),

    deleteConversationsFromGroup: ({ groupName, conversationIDList }: any): Promise<Result> =>
      put(groupName, conversationIDList ?? [], 2),
  };
};
