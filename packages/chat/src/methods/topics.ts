import { EVENT } from '../constants.js';
import type { Core } from '../core.js';
import { ok, type Result } from '../error.js';
import { noLastMessage } from '../models.js';

const fields = (given: any) => ({
  ...(given.topicName !== undefined && { TopicName: given.topicName }),
  ...(given.avatar !== undefined && { FaceUrl: given.avatar }),
  ...(given.notification !== undefined && { Notification: given.notification }),
  ...(given.introduction !== undefined && { Introduction: given.introduction }),
  ...(given.customData !== undefined && { CustomString: given.customData }),
  ...(given.muteAllMembers !== undefined && { MuteAllMember: given.muteAllMembers ? 'On' : 'Off' }),
});

/** Takes how many messages of a topic are unread. Its conversation is listed when it is opened, or when a message comes. */
function unreadHere(core: Core, conversationID: string, row: any): void {
  const isNew = !core.state.conversations.has(conversationID);
  const conversation = core.conversation(conversationID);
  if (isNew) conversation._hidden = true;
  conversation.unreadCount = row.UnreadMsgNum;
  conversation._counted = row.MsgSeq;
  core.state.positions.set(conversationID, row.MsgSeq);
}

/** Topics of communities. */
export const topicMethods = (core: Core) => {
  const read = async (groupID: string, topicIDList?: string[]) => {
    const [answer, list] = await Promise.all([
      core.request('get_topic', {
        GroupId: groupID,
        ...(topicIDList?.length && { TopicIdList: topicIDList }),
      }),
      core.request('topics', { GroupId: groupID }),
    ]);
    const unread = new Map<string, any>(list.TopicList.map((row: any) => [row.TopicId, row]));
    const successTopicList: any[] = [];
    const failureTopicList: any[] = [];
    for (const { TopicInfo, SelfInfo, ErrorCode, ErrorInfo } of answer.TopicAndSelfInfo) {
      if (ErrorCode !== 0) {
        failureTopicList.push({ topicID: TopicInfo?.TopicId, code: ErrorCode, message: ErrorInfo });
        continue;
      }
      const row = unread.get(TopicInfo.TopicId);
      if (row) unreadHere(core, `GROUP${TopicInfo.TopicId}`, row);
      successTopicList.push({
        topicID: TopicInfo.TopicId,
        groupID,
        topicName: TopicInfo.TopicName ?? '',
        avatar: TopicInfo.FaceUrl ?? '',
        introduction: TopicInfo.Introduction ?? '',
        notification: TopicInfo.Notification ?? '',
        customData: TopicInfo.CustomString ?? '',
        muteAllMembers: TopicInfo.MuteAllMember === 'On',
        unreadCount: row?.UnreadMsgNum ?? 0,
        groupAtInfoList: [],
        lastMessage: core.state.conversations.get(`GROUP${TopicInfo.TopicId}`)?.lastMessage ?? noLastMessage(),
        selfInfo: { muteTime: SelfInfo?.ShutUpTime ?? 0, messageRemindType: SelfInfo?.MsgFlag ?? 'AcceptAndNotify' },
      });
    }
    return { successTopicList, failureTopicList };
  };

  return {
    async createTopicInCommunity(given: any): Promise<Result> {
      const { groupID, topicID } = given;
      const answer = await core.request('create_topic', {
        GroupId: groupID,
        ...fields(given),
        ...(topicID && { TopicId: topicID }),
      });
      return ok({ topicID: answer.TopicId });
    },

    async deleteTopicFromCommunity({ groupID, topicIDList }: any): Promise<Result> {
      const ids: string[] = topicIDList?.length
        ? topicIDList
        : (await read(groupID)).successTopicList.map((topic) => topic.topicID);
      const answer = await core.request('destroy_topic', { GroupId: groupID, TopicIdList: ids });
      const rows: any[] = answer.DestroyResultItem ?? [];
      return ok({
        successTopicList: rows.filter((row) => row.ErrorCode === 0).map((row) => ({ topicID: row.TopicId })),
        failureTopicList: rows
          .filter((row) => row.ErrorCode !== 0)
          .map((row) => ({ topicID: row.TopicId, code: row.ErrorCode, message: row.ErrorInfo })),
      });
    },

    async updateTopicProfile(given: any): Promise<Result> {
      const { groupID, topicID } = given;
      await core.request('modify_topic', { GroupId: groupID, TopicId: topicID, ...fields(given) });
      const [topic] = (await read(groupID, [topicID])).successTopicList;
      core.emit(EVENT.TOPIC_UPDATED, { groupID, topic });
      return ok({ topic });
    },

    async getTopicList({ groupID, topicIDList }: any): Promise<Result> {
      return ok(await read(groupID, topicIDList));
    },
  };
};
