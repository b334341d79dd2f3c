import { EVENT } from '../constants.js';
import { friendOf, updateProfile } from '../convert/profile.js';
import type { Core } from '../core.js';
import { CODE, ok, refuse, type Result } from '../error.js';
import type { Friend } from '../models.js';
import { loadProfiles } from '../sync.js';

const TAGS = ['Remark', 'Group', 'AddSource', 'AddWording', 'AddTime'].map((tag) => `Tag_SNS_IM_${tag}`);
const PROFILE_TAGS = ['Tag_Profile_IM_Nick', 'Tag_Profile_IM_Image'];

const split = (answer: any) => ({
  successUserIDList: answer.ResultItem.filter((row: any) => row.ResultCode === 0).map((row: any) => row.To_Account),
  failureUserIDList: answer.ResultItem.filter((row: any) => row.ResultCode !== 0).map((row: any) => ({
    userID: row.To_Account,
    code: row.ResultCode,
    message: row.ResultInfo,
  })),
});

const wanted = (list: any): string[] => list ?? [];

/** Friends, and the lists that an account puts them in. */
export const friendMethods = (core: Core) => {
  const friends = async (): Promise<Friend[]> => {
    const rows: any[] = [];
    for (let StartIndex = 0; ; ) {
      const answer = await core.request('friend_get', { StartIndex });
      rows.push(...answer.UserDataItem);
      StartIndex = answer.NextStartIndex;
      if (answer.CompleteFlag === 1) break;
    }
    await loadProfiles(core, rows.map((row) => row.To_Account));
    return rows.map((row) => friendOf(row.To_Account, row.ValueItem, core.profile(row.To_Account)));
  };

  const lists = async () => {
    const [answer, all] = await Promise.all([core.request('group_get', { NeedFriend: 'Need_Friend_Type_Yes' }), friends()]);
    return (answer.ResultItem ?? []).map((row: any) => {
      const userIDList = all.filter((friend) => friend.groupList.includes(row.GroupName)).map((friend) => friend.userID);
      return { name: row.GroupName, userIDList, count: userIDList.length };
    });
  };

  const emitFriends = async (): Promise<void> => core.emit(EVENT.FRIEND_LIST_UPDATED, await friends());
  const emitLists = async (): Promise<void> => core.emit(EVENT.FRIEND_GROUP_LIST_UPDATED, await lists());
  core.emitter.on('friends', () => void emitFriends().catch(() => {}));

  const list = async (name: string) => {
    const found = (await lists()).find((one: any) => one.name === name);
    return found ?? refuse(CODE.FRIEND_GROUP, `there is no list of friends ${name}`);
  };

  return {
    async getFriendList(): Promise<Result> {
      return ok(await friends());
    },

    async addFriend({ to, source, wording, type, remark, groupName }: any): Promise<Result> {
      const answer = await core.request('friend_add', {
        AddFriendItem: [
          {
            To_Account: to,
            AddSource: source ?? 'AddSource_Type_Web',
            ...(wording && { AddWording: wording }),
            ...(remark && { Remark: remark }),
            ...(groupName && { GroupName: groupName }),
          },
        ],
        ...(type && { AddType: type }),
      });
      const { ResultCode, ResultInfo } = answer.ResultItem[0];
      if (ResultCode !== 0 && ResultCode !== 30539) refuse(ResultCode, ResultInfo);
      return ok({ code: ResultCode, userID: to });
    },

    async deleteFriend({ userIDList, type }: any): Promise<Result> {
      return ok(split(await core.request('friend_delete', { To_Account: userIDList, ...(type && { DeleteType: type }) })));
    },

    async checkFriend({ userIDList, type }: any): Promise<Result> {
      const CheckType = type ?? 'CheckResult_Type_Both';
      const answer = await core.request('friend_check', { To_Account: userIDList, CheckType });
      const rows: any[] = answer.InfoItem;
      return ok({
        successUserIDList: rows
          .filter((row) => row.ResultCode === 0)
          .map((row) => ({ userID: row.To_Account, code: 0, relation: row.Relation })),
        failureUserIDList: rows
          .filter((row) => row.ResultCode !== 0)
          .map((row) => ({ userID: row.To_Account, code: row.ResultCode, message: row.ResultInfo })),
      });
    },

    async getFriendProfile({ userIDList }: any): Promise<Result> {
      const answer = await core.request('friend_get_list', {
        To_Account: userIDList,
        TagList: [...TAGS, ...PROFILE_TAGS],
      });
      const friendList: Friend[] = [];
      const failureUserIDList: any[] = [];
      for (const row of answer.InfoItem) {
        if (row.ResultCode === 0) {
          updateProfile(core.profile(row.To_Account), row.SnsProfileItem);
          friendList.push(friendOf(row.To_Account, row.SnsProfileItem, core.profile(row.To_Account)));
        } else {
          failureUserIDList.push({ userID: row.To_Account, code: row.ResultCode, message: row.ResultInfo });
        }
      }
      return ok({ friendList, failureUserIDList });
    },

    async updateFriend({ userID, remark, friendCustomField }: any): Promise<Result> {
      const SnsItem = [
        ...(remark === undefined ? [] : [{ Tag: 'Tag_SNS_IM_Remark', Value: remark }]),
        ...(friendCustomField ?? []).map(({ key, value }: any) => ({ Tag: key, Value: value })),
      ];
      const answer = await core.request('friend_update', { UpdateItem: [{ To_Account: userID, SnsItem }] });
      const { ResultCode, ResultInfo } = answer.ResultItem[0];
      if (ResultCode !== 0) refuse(ResultCode, ResultInfo);
      await emitFriends();
      return ok((await friends()).find((friend) => friend.userID === userID));
    },

    /** The server keeps no applications: an account that wants to confirm friends is asked by the app. */
    async getFriendApplicationList(): Promise<Result> {
      return ok({ friendApplicationList: [], unreadCount: 0 });
    },

    async getFriendGroupList(): Promise<Result> {
      return ok(await lists());
    },

    async createFriendGroup({ name, userIDList }: any): Promise<Result> {
      const answer = await core.request('group_add', {
        GroupName: [name],
        ...(userIDList?.length && { To_Account: userIDList }),
      });
      await emitLists();
      return ok({ friendGroup: await list(name), failureUserIDList: answer.Fail_Account ?? [] });
    },

    async deleteFriendGroup({ name }: any): Promise<Result> {
      const friendGroup = await list(name);
      await core.request('group_delete', { GroupName: [name] });
      await emitLists();
      return ok({ friendGroup });
    },

    async addToFriendGroup({ name, userIDList }: any): Promise<Result> {
      const answer = await core.request('group_add', { GroupName: [name], To_Account: wanted(userIDList) });
      await emitLists();
      return ok({ friendGroup: await list(name), failureUserIDList: answer.Fail_Account ?? [] });
    },

    async removeFromFriendGroup({ name, userIDList }: any): Promise<Result> {
      const UpdateItem = wanted(userIDList).map((userID) => ({ userID }));
      const all = await friends();
      const answer = await core.request('friend_update', {
        UpdateItem: UpdateItem.map(({ userID }) => {
          const groups = all.find((friend) => friend.userID === userID)?.groupList ?? [];
          const Value = groups.filter((group) => group !== name);
          return { To_Account: userID, SnsItem: [{ Tag: 'Tag_SNS_IM_Group', Value }] };
        }),
      });
      await emitLists();
      return ok({ friendGroup: await list(name), failureUserIDList: answer.Fail_Account ?? [] });
    },

    async renameFriendGroup({ oldName, newName }: any): Promise<Result> {
      const { userIDList } = await list(oldName);
      await core.request('group_add', {
        GroupName: [newName],
        ...(userIDList.length && { To_Account: userIDList }),
      });
      await core.request('group_delete', { GroupName: [oldName] });
      await emitLists();
      return ok({ friendGroup: await list(newName) });
    },
  };
};
