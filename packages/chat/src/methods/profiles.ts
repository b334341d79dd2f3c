import { EVENT } from '../constants.js';
import { profileItems, updateProfile } from '../convert/profile.js';
import type { Core } from '../core.js';
import { CODE, ok, refuse, type Result } from '../error.js';
import { loadProfiles } from '../sync.js';

/** Accounts of one call; the rest is left out. */
const PROFILES_MAX = 100;
const STATUSES_MAX = 500;
/** Accounts on a page of the blocklist. */
const PAGE = 100;
/** The server's codes of a relation that is there already, and of one that is not. */
const ALREADY_BLOCKED = 30001;

const STATES: Record<string, number> = { Online: 1, PushOnline: 2, Offline: 2 };

/** Profiles, the blocklist, and who is online. */
export const profileMethods = (core: Core) => {
  const blocklist = async (): Promise<string[]> => {
    const all: string[] = [];
    for (let StartIndex = 0; ; ) {
      const answer = await core.request('black_list_get', { StartIndex, MaxLimited: PAGE, LastSequence: 0 });
      all.push(...(answer.BlackListItem ?? []).map((row: any) => row.To_Account));
      StartIndex = answer.StartIndex;
      if (!StartIndex) return all;
    }
  };
  core.emitter.on('blocklist', () => {
    blocklist().then(
      (list) => core.emit(EVENT.BLACKLIST_UPDATED, list),
      () => {},
    );
  });
  const done = (answer: any): string[] =>
    answer.ResultItem.filter((row: any) => row.ResultCode === 0 || row.ResultCode === ALREADY_BLOCKED).map(
      (row: any) => row.To_Account,
    );

  return {
    async getMyProfile(): Promise<Result> {
      await loadProfiles(core, [core.me]);
      return ok(core.profile(core.me));
    },

    async getUserProfile({ userIDList }: any): Promise<Result> {
      const wanted: string[] = (userIDList ?? []).slice(0, PROFILES_MAX);
      if (wanted.length === 0) refuse(CODE.EMPTY_OPTIONS, 'userIDList is empty');
      await loadProfiles(core, wanted, true);
      return ok(wanted.filter((userID) => core.state.known.has(userID)).map((userID) => core.profile(userID)));
    },

    async updateMyProfile(options: any): Promise<Result> {
      const ProfileItem = profileItems(options ?? {});
      if (ProfileItem.length === 0) refuse(2721, 'no field of the profile is given');
      await core.request('portrait_set', { ProfileItem });
      const profile = core.profile(core.me);
      if (updateProfile(profile, ProfileItem)) core.emit(EVENT.PROFILE_UPDATED, [profile]);
      return ok(profile);
    },

    async getBlacklist(): Promise<Result> {
      return ok(await blocklist());
    },

    async addToBlacklist({ userIDList }: any): Promise<Result> {
      if (userIDList?.includes(core.me)) refuse(2742, 'an account cannot block itself');
      return ok(done(await core.request('black_list_add', { To_Account: userIDList })));
    },

    async removeFromBlacklist({ userIDList }: any): Promise<Result> {
      return ok(done(await core.request('black_list_delete', { To_Account: userIDList })));
    },

    async getUserStatus({ userIDList }: any): Promise<Result> {
      const wanted: string[] = (userIDList ?? []).slice(0, STATUSES_MAX);
      const answer = await core.request('query_online_status', { To_Account: wanted });
      return ok({
        successUserList: answer.QueryResult.map((row: any) => ({
          userID: row.To_Account,
          statusType: STATES[row.Status] ?? 0,
          customStatus: '',
        })),
        failureUserList: (answer.ErrorList ?? []).map((row: any) => ({
          userID: row.To_Account,
          code: row.ErrorCode,
          message: 'the account does not exist',
        })),
      });
    },
  };
};
