import { EVENT, TYPES } from './constants.js';
import { profileOf, updateGroup } from './convert/group.js';
import { groupConversation } from './convert/ids.js';
import type { Core } from './core.js';
import type { Frame } from './wire/connection.js';

const CHANGES: Record<string, string> = {
  Name: 'Name',
  Introduction: 'Introduction',
  Notification: 'Notification',
  FaceUrl: 'FaceUrl',
  Owner_Account: 'Owner_Account',
  MuteAllMember: 'MuteAllMember',
  ApplyJoinOption: 'ApplyJoinOption',
};

/** Brings what is known of a group up to date with a tip or notice. */
export function refreshGroup(core: Core, frame: Frame): void {
  const { GroupId, OpType, NoticeType } = frame;
  const group = core.state.groups.get(GroupId);
  if (!group?._joined || !group.name) {
    // Made, joined or invited: the server tells the rest.
    if (NoticeType === undefined || NoticeType === 2 || NoticeType === 6 || NoticeType === 7) {
      void fetchGroup(core, GroupId).catch(() => {});
    }
    return;
  }
  if (OpType === 7 && frame.TopicId === undefined) {
    const row: Frame = {};
    for (const { Field, Value } of frame.ChangeList ?? []) {
      const name = CHANGES[Field];
      if (name) row[name] = Value;
    }
    // Who changed it has done this already.
    const before = profileOf(group);
    updateGroup(group, row, core.me);
    if (profileOf(group) !== before) core.emitGroups();
  } else if (OpType === 1 || OpType === 2) {
    group.memberCount += (frame.MemberList ?? []).length;
  } else if (OpType === 3 || OpType === 4) {
    group.memberCount = Math.max(0, group.memberCount - (frame.MemberList ?? []).length);
  } else if (NoticeType === 9 || NoticeType === 10) {
    group.selfInfo.role = NoticeType === 9 ? TYPES.GRP_MBR_ROLE_ADMIN : TYPES.GRP_MBR_ROLE_MEMBER;
    core.emitGroups();
  } else if (NoticeType === 17) {
    group.selfInfo.muteTime = frame.MuteTime ? Math.floor(Date.now() / 1000) + frame.MuteTime : 0;
  } else if (NoticeType === 18) {
    core.emit(EVENT.TOPIC_CREATED, { groupID: GroupId, topicID: frame.TopicId });
  } else if (NoticeType === 19) {
    core.emit(EVENT.TOPIC_DELETED, { groupID: GroupId, topicIDList: [frame.TopicId] });
  }
}

/** Reads a group that the account is in now, and lists it. */
export async function fetchGroup(core: Core, groupID: string): Promise<void> {
  const { GroupInfo } = await core.request('get_group_info', { GroupIdList: [groupID] });
  const row = GroupInfo?.[0];
  if (!row || row.ErrorCode !== 0) return;
  const group = updateGroup(core.group(groupID), row, core.me);
  const members = await core.request('get_specified_group_member_info', {
    GroupId: groupID,
    Member_List_Account: [core.me],
  });
  const self = members.MemberList?.[0];
  if (self) updateGroup(group, { SelfInfo: self }, core.me);
  group._joined = group._joined || self !== undefined;
  if (!group._joined) return;
  const conversation = core.conversation(groupConversation(groupID));
  conversation._hidden = false;
  conversation.subType = group.type;
  conversation.isSupportTopic = group.isSupportTopic;
  conversation.messageRemindType = group.selfInfo.messageRemindType;
  if (conversation.lastMessage.lastTime === 0) conversation.lastMessage.lastTime = group.createTime;
  core.emitGroups();
  core.listChanged();
}

/** Forgets a group that the account is no longer in, and says so. */
export function groupLeft(core: Core, groupID: string): void {
  forgetGroup(core, groupID);
  core.emitGroups();
  core.listChanged();
}

/** Forgets a group that the account is no longer in. */
export function forgetGroup(core: Core, groupID: string): void {
  const group = core.state.groups.get(groupID);
  if (group) group._joined = false;
  const id = groupConversation(groupID);
  core.state.groups.delete(groupID);
  core.state.conversations.delete(id);
  core.state.histories.delete(id);
  core.state.positions.delete(id);
  core.state.live.delete(groupID);
}
