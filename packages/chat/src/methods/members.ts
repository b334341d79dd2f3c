import { TYPES } from '../constants.js';
import { fieldsOut, memberOf } from '../convert/group.js';
import type { Core } from '../core.js';
import { CODE, ok, refuse, type Result } from '../error.js';
import type { GroupMember } from '../models.js';
import { loadProfiles } from '../sync.js';

/** Members of one page, where an app does not say, and at most; accounts of one call. */
const PAGE = 15;
const PAGE_MAX = 100;
const PROFILES_MAX = 50;

/** Members of groups. */
export const memberMethods = (core: Core) => {
  const named = async (rows: any[]): Promise<GroupMember[]> => {
    await loadProfiles(core, rows.filter((row) => row.Nick === undefined).map((row) => row.Member_Account));
    return rows.map((row) => memberOf(row, core.profile(row.Member_Account)));
  };

  const one = async (groupID: string, userID: string): Promise<GroupMember> => {
    const answer = await core.request('get_specified_group_member_info', {
      GroupId: groupID,
      Member_List_Account: [userID],
    });
    const [member] = await named(answer.MemberList ?? []);
    return member ?? memberOf({ Member_Account: userID }, core.profile(userID));
  };

  const modify = async (groupID: string, userID: string, fields: object): Promise<Result> => {
    await core.request('modify_group_member_info', { GroupId: groupID, Member_Account: userID, ...fields });
    const member = await one(groupID, userID);
    const group = core.group(groupID);
    if (userID === core.me) Object.assign(group.selfInfo, { nameCard: member.nameCard, role: member.role });
    return ok({ group, member });
  };

  return {
    async getGroupMemberList({ groupID, count = PAGE, offset = 0, role }: any): Promise<Result> {
      const limit = Math.min(count, PAGE_MAX);
      const isCommunity = core.group(groupID).type === TYPES.GRP_COMMUNITY || String(groupID).startsWith('@TGS#_');
      const answer = await core.request('get_group_member_info', {
        GroupId: groupID,
        Limit: limit,
        ...(isCommunity ? { Next: offset === 0 ? '' : String(offset) } : { Offset: offset }),
        ...(role && { MemberRoleFilter: [role] }),
      });
      const rows: any[] = answer.MemberList ?? [];
      const memberList = await named(rows);
      const isLast = rows.length < limit || (!isCommunity && answer.MemberNum <= offset + rows.length);
      return ok({ memberList, offset: isCommunity ? answer.Next || 0 : isLast ? 0 : offset + rows.length });
    },

    async getGroupMemberProfile({ groupID, userIDList, memberCustomFieldFilter }: any): Promise<Result> {
      const answer = await core.request('get_specified_group_member_info', {
        GroupId: groupID,
        Member_List_Account: (userIDList ?? []).slice(0, PROFILES_MAX),
        ...(memberCustomFieldFilter && { AppDefinedDataFilter_GroupMember: memberCustomFieldFilter }),
      });
      return ok({ memberList: await named(answer.MemberList ?? []) });
    },

    async addGroupMember({ groupID, userIDList }: any): Promise<Result> {
      const answer = await core.request('add_group_member', {
        GroupId: groupID,
        MemberList: (userIDList ?? []).map((userID: string) => ({ Member_Account: userID })),
      });
      const of = (result: number): string[] =>
        answer.MemberList.filter((row: any) => row.Result === result).map((row: any) => row.Member_Account);
      return ok({
        successUserIDList: [...of(1), ...of(3)],
        failureUserIDList: of(0),
        existedUserIDList: of(2),
        overLimitUserIDList: of(4),
        group: core.group(groupID),
      });
    },

    async deleteGroupMember({ groupID, userIDList, reason, duration }: any): Promise<Result> {
      if (core.group(groupID).type === TYPES.GRP_AVCHATROOM) {
        await core.request('ban_group_member', {
          GroupId: groupID,
          Members_Account: userIDList,
          Duration: duration,
          ...(reason && { Description: reason }),
        });
      } else {
        await core.request('delete_group_member', {
          GroupId: groupID,
          MemberToDel_Account: userIDList,
          ...(reason && { Reason: reason }),
        });
      }
      return ok({ group: core.group(groupID), userIDList });
    },

    async setGroupMemberMuteTime({ groupID, userID, muteTime }: any): Promise<Result> {
      if (userID === core.me) refuse(CODE.MUTE_ONESELF, 'an account cannot mute itself');
      await core.request('forbid_send_msg', { GroupId: groupID, Members_Account: [userID], MuteTime: muteTime });
      return ok({ group: core.group(groupID), member: await one(groupID, userID) });
    },

    async setGroupMemberRole({ groupID, userID, role }: any): Promise<Result> {
      if (userID === core.me) refuse(CODE.OWN_ROLE, 'an account cannot change its own role');
      const roles: unknown[] = [TYPES.GRP_MBR_ROLE_ADMIN, TYPES.GRP_MBR_ROLE_MEMBER, TYPES.GRP_MBR_ROLE_CUSTOM];
      if (!roles.includes(role)) refuse(CODE.MEMBER_ROLE, `${role} is not a role that can be given`);
      return modify(groupID, userID, { Role: role });
    },

    setGroupMemberNameCard: ({ groupID, userID, nameCard }: any): Promise<Result> =>
      modify(groupID, userID ?? core.me, { NameCard: nameCard }),

    setGroupMemberCustomField: ({ groupID, userID, memberCustomField }: any): Promise<Result> =>
      modify(groupID, userID ?? core.me, { AppMemberDefinedData: fieldsOut(memberCustomField) }),
  };
};
