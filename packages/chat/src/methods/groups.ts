import { TYPES } from '../constants.js';
import { fieldsOut, memberOf, profileOf, updateGroup } from '../convert/group.js';
import { groupConversation } from '../convert/ids.js';
import type { Core } from '../core.js';
import { ChatError, CODE, ok, refuse, type Result } from '../error.js';
import type { Group } from '../models.js';
import { fetchGroup, groupLeft } from '../refresh.js';

const ALREADY_A_MEMBER = 10013;

const options = (given: any) => ({
  ...(given.name !== undefined && { Name: given.name }),
  ...(given.introduction !== undefined && { Introduction: given.introduction }),
  ...(given.notification !== undefined && { Notification: given.notification }),
  ...(given.avatar !== undefined && { FaceUrl: given.avatar }),
  ...(given.maxMemberNum !== undefined && { MaxMemberCount: given.maxMemberNum }),
  ...(given.joinOption !== undefined && { ApplyJoinOption: given.joinOption }),
  ...(given.inviteOption !== undefined && { InviteJoinOption: given.inviteOption }),
  ...(given.groupCustomField !== undefined && { AppDefinedData: fieldsOut(given.groupCustomField) }),
});

/** Groups: making, finding, joining, leaving and changing them. */
export const groupMethods = (core: Core) => {
  const info = async (groupID: string, filter?: string[]): Promise<Group> => {
    if (!groupID) refuse(CODE.GROUP_ID, 'groupID is missing');
    const { GroupInfo } = await core.request('get_group_info', {
      GroupIdList: [groupID],
      ...(filter && { ResponseFilter: { AppDefinedDataFilter_Group: filter } }),
    });
    const row = GroupInfo?.[0] ?? {};
    if (row.ErrorCode !== 0) throw new ChatError(row.ErrorCode ?? CODE.GROUP_NOT_FOUND, row.ErrorInfo ?? '');
    return updateGroup(core.group(groupID), row, core.me);
  };
  const joined = (): Group[] => core.groups();

  return {
    async getGroupList(): Promise<Result> {
      return ok({ groupList: joined() });
    },

    async getGroupProfile({ groupID, groupCustomFieldFilter }: any): Promise<Result> {
      const group = await info(groupID, groupCustomFieldFilter);
      if (group._joined && !group.selfInfo.role) await fetchGroup(core, groupID);
      return ok({ group });
    },

    async searchGroupByID(groupID: string): Promise<Result> {
      return ok({ group: await info(groupID) });
    },

    async createGroup(given: any): Promise<Result> {
      const types: string[] = Object.values(TYPES).filter((one) => typeof one === 'string') as string[];
      if (given?.type && !types.includes(given.type)) refuse(CODE.GROUP_TYPE, `${given.type} is not a type of group`);
      const answer = await core.request('create_group', {
        Type: given.type ?? TYPES.GRP_WORK,
        ...options(given),
        ...(given.groupID && { GroupId: given.groupID }),
        ...(given.isSupportTopic !== undefined && { SupportTopic: given.isSupportTopic ? 1 : 0 }),
        ...(given.memberList && {
          MemberList: given.memberList.map((member: any) => ({
            Member_Account: member.userID,
            ...(member.role && { Role: member.role }),
            ...(member.memberCustomField && { AppMemberDefinedData: fieldsOut(member.memberCustomField) }),
          })),
        }),
      });
      const groupID: string = answer.GroupId;
      if (given.type === TYPES.GRP_AVCHATROOM) await info(groupID);
      else await fetchGroup(core, groupID);
      return ok({ group: core.group(groupID), overLimitUserIDList: [] });
    },

    async dismissGroup(groupID: string): Promise<Result> {
      await core.request('destroy_group', { GroupId: groupID });
      groupLeft(core, groupID);
      return ok({ groupID });
    },

    async updateGroupProfile(given: any): Promise<Result> {
      const { groupID, muteAllMembers } = given;
      const fields = options(given);
      await core.request('modify_group_base_info', {
        GroupId: groupID,
        ...fields,
        ...(muteAllMembers !== undefined && { MuteAllMember: muteAllMembers ? 'On' : 'Off' }),
      });
      const group = core.group(groupID);
      const before = profileOf(group);
      updateGroup(group, fields, core.me);
      if (muteAllMembers !== undefined) group.muteAllMembers = Boolean(muteAllMembers);
      if (profileOf(group) !== before) {
        core.emitGroups();
        core.listChanged();
      }
      return ok({ group });
    },

    async joinGroup({ groupID, applyMessage, type }: any): Promise<Result> {
      const group = core.group(groupID);
      if (type === TYPES.GRP_AVCHATROOM || group.type === TYPES.GRP_AVCHATROOM) return enter(core, groupID);
      try {
        const answer = await core.request('join_group', {
          GroupId: groupID,
          ...(applyMessage && { ApplyMessage: applyMessage }),
        });
        if (answer.Status === TYPES.JOIN_STATUS_SUCCESS) await fetchGroup(core, groupID);
        return ok({ status: answer.Status, group: core.group(groupID) });
      } catch (error) {
        if ((error as ChatError).code === ALREADY_A_MEMBER) {
          return ok({ status: TYPES.JOIN_STATUS_ALREADY_IN_GROUP, group });
        }
        const found = await info(groupID).catch(() => undefined);
        if (found?.type === TYPES.GRP_AVCHATROOM) return enter(core, groupID);
        throw error;
      }
    },

    async quitGroup(groupID: string): Promise<Result> {
      if (core.state.live.has(groupID)) await core.request('leave', { GroupId: groupID });
      else await core.request('quit_group', { GroupId: groupID });
      groupLeft(core, groupID);
      return ok({ groupID });
    },

    async changeGroupOwner({ groupID, newOwnerID }: any): Promise<Result> {
      await core.request('change_group_owner', { GroupId: groupID, NewOwner_Account: newOwnerID });
      const group = core.group(groupID);
      group.ownerID = newOwnerID;
      group.selfInfo.role = TYPES.GRP_MBR_ROLE_MEMBER;
      core.emitGroups();
      return ok({ group });
    },

    async getGroupOnlineMemberCount(groupID: string): Promise<Result> {
      const answer = await core.request('get_online_member_num', { GroupId: groupID });
      return ok({ memberCount: answer.OnlineMemberNum });
    },

    async getJoinedCommunityList(): Promise<Result> {
      const groupList = joined().filter((group) => group.type === TYPES.GRP_COMMUNITY && group.isSupportTopic);
      return ok({ groupList });
    },

    async getGroupApplicationList(): Promise<Result> {
      const applicationList: any[] = [];
      for (let Offset: number | undefined = 0; Offset !== undefined; ) {
        const answer: any = await core.request('get_applications', { Offset });
        for (const row of answer.ApplicationList) {
          applicationList.push({
            applicant: row.Applicant_Account,
            applicantNick: core.profile(row.Applicant_Account).nick,
            groupID: row.GroupId,
            groupName: row.GroupName,
            applicationType: row.Type,
            userID: row.Member_Account,
            note: row.ApplyMessage,
            time: row.Time,
            applicationID: row.ApplicationId,
          });
        }
        Offset = answer.NextOffset;
      }
      return ok({ applicationList });
    },

    async handleGroupApplication({ handleAction, handleMessage, application, message }: any): Promise<Result> {
      const groupID = application?.groupID ?? message?.payload?.groupProfile?.groupID;
      const ApplicationId = application?.applicationID ?? message?.payload?.messageKey;
      if (!groupID || !ApplicationId) refuse(CODE.EMPTY_OPTIONS, 'application or message is missing');
      await core.request('handle_application', {
        ApplicationId,
        Action: handleAction,
        ...(handleMessage && { HandleMessage: handleMessage }),
      });
      return ok({ group: core.group(groupID) });
    },
  };
};

async function enter(core: Core, groupID: string): Promise<Result> {
  const wasIn = core.state.live.has(groupID);
  // An account is in one live group at a time.
  for (const other of core.state.live) {
    if (other !== groupID) {
      await core.request('leave', { GroupId: other }).catch(() => {});
      groupLeft(core, other);
    }
  }
  await core.request('enter', { GroupId: groupID });
  core.state.live.add(groupID);
  const { GroupInfo } = await core.request('get_group_info', { GroupIdList: [groupID] });
  const group = updateGroup(core.group(groupID), GroupInfo?.[0] ?? {}, core.me);
  group._joined = true;
  group.selfInfo = { ...memberOf({ Member_Account: core.me }), ...group.selfInfo, userID: core.me };
  const conversation = core.conversation(groupConversation(groupID));
  conversation.subType = group.type;
  conversation._hidden = false;
  core.emitGroups();
  core.listChanged();
  const status = wasIn ? TYPES.JOIN_STATUS_ALREADY_IN_GROUP : TYPES.JOIN_STATUS_SUCCESS;
  return ok({ status, group });
}
