import { EVENT } from '../constants.js';
import type { Core } from '../core.js';
import { ok, type Result } from '../error.js';
import { loadProfiles } from '../sync.js';

/** The lists of accounts that follow one another, by the number that the server gives them. */
const LISTS = { followers: 1, following: 2, mutual: 3 } as const;
const PAGE = 50;

/** Accounts that follow one another. */
export const followMethods = (core: Core) => {
  const read = async (FollowType: number, StartCursor: string): Promise<Result> => {
    const answer = await core.request('follow_get', { FollowType, StartCursor, WantNum: PAGE });
    const accounts: string[] = answer.FollowItem.map((row: any) => row.To_Account);
    await loadProfiles(core, accounts);
    return ok({ userList: accounts.map((userID) => core.profile(userID)), nextCursor: answer.NextCursor });
  };
  const results = (answer: any): Result =>
    ok(answer.ResultItem.map((row: any) => ({ userID: row.To_Account, code: row.ResultCode, message: row.ResultInfo })));

  core.emitter.on('follows', () => {
    const events: [number, string][] = [
      [LISTS.followers, EVENT.MY_FOLLOWERS_LIST_UPDATED],
      [LISTS.following, EVENT.MY_FOLLOWING_LIST_UPDATED],
      [LISTS.mutual, EVENT.MUTUAL_FOLLOWERS_LIST_UPDATED],
    ];
    for (const [kind, event] of events) {
      read(kind, '').then(
        ({ data }) => core.emit(event, data.userList),
        () => {},
      );
    }
  });

  return {
    async followUser(userIDList: string[]): Promise<Result> {
      const FollowItem = userIDList.map((To_Account) => ({ To_Account }));
      return results(await core.request('follow_add', { FollowItem }));
    },

    async unfollowUser(userIDList: string[]): Promise<Result> {
      return results(await core.request('follow_delete', { To_Account: userIDList }));
    },

    getMyFollowersList: (cursor = ''): Promise<Result> => read(LISTS.followers, cursor),
    getMyFollowingList: (cursor = ''): Promise<Result> => read(LISTS.following, cursor),
    getMutualFollowersList: (cursor = ''): Promise<Result> => read(LISTS.mutual, cursor),

    async getUserFollowInfo(userIDList: string[] = [core.me]): Promise<Result> {
      const answer = await core.request('follow_get_info', { To_Account: userIDList });
      return ok(
        answer.FollowInfo.map((row: any) => ({
          userID: row.To_Account,
          code: row.ResultCode,
          followersCount: row.FollowerCount,
          followingCount: row.FollowingCount,
          mutualFollowersCount: row.MutualFollowingCount,
        })),
      );
    },

    async checkFollowType(userIDList: string[]): Promise<Result> {
      const answer = await core.request('follow_check', { To_Account: userIDList });
      return ok(
        answer.ResultItem.map((row: any) => ({ userID: row.To_Account, code: row.ResultCode, followType: row.FollowType })),
      );
    },
  };
};
