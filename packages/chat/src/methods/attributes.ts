import type { Core } from '../core.js';
import { ok, type Result } from '../error.js';

const pairs = (attributes: any) =>
  Object.entries(attributes ?? {}).map(([key, value]) => ({ key, value: String(value) }));

/** Attributes and counters of groups. The server tells every client of a change, also the one that made it. */
export const attributeMethods = (core: Core) => {
  const count = async (groupID: string, Mode: string, counters: Record<string, number>): Promise<Result> => {
    const GroupCounter = Object.entries(counters).map(([Key, Value]) => ({ Key, Value }));
    const answer = await core.request('update_group_counter', { GroupId: groupID, Mode, GroupCounter });
    return ok({ counters: answer.GroupCounter.map(({ Key, Value }: any) => ({ key: Key, value: Value })) });
  };
  const one = async (groupID: string, Mode: string, key: string, value: number): Promise<Result> => {
    const { data } = await count(groupID, Mode, { [key]: value });
    return ok({ groupID, key, value: data.counters[0]?.value ?? value });
  };

  return {
    async initGroupAttributes({ groupID, groupAttributes }: any): Promise<Result> {
      await core.request('set_group_attr', { GroupId: groupID, GroupAttr: pairs(groupAttributes) });
      return ok({ groupAttributes });
    },

    async setGroupAttributes({ groupID, groupAttributes }: any): Promise<Result> {
      await core.request('modify_group_attr', { GroupId: groupID, GroupAttr: pairs(groupAttributes) });
      return ok({ groupAttributes });
    },

    async deleteGroupAttributes({ groupID, keyList }: any): Promise<Result> {
      const keys: string[] = keyList?.length ? keyList : Object.keys(core.state.attributes.get(groupID) ?? {});
      if (keyList?.length) {
        const GroupAttr = keys.map((key) => ({ key }));
        await core.request('delete_group_attr', { GroupId: groupID, GroupAttr });
      } else {
        await core.request('clear_group_attr', { GroupId: groupID });
      }
      return ok({ keyList: keys });
    },

    async getGroupAttributes({ groupID, keyList }: any): Promise<Result> {
      const answer = await core.request('get_group_attr', { GroupId: groupID });
      const all: Record<string, string> = {};
      for (const { key, value } of answer.GroupAttrAry) all[key] = value;
      core.state.attributes.set(groupID, all);
      const wanted = keyList?.length ? Object.entries(all).filter(([key]) => keyList.includes(key)) : Object.entries(all);
      return ok({ groupAttributes: Object.fromEntries(wanted) });
    },

    setGroupCounters: ({ groupID, counters }: any): Promise<Result> => count(groupID, 'Set', counters ?? {}),
    increaseGroupCounter: ({ groupID, key, value }: any): Promise<Result> => one(groupID, 'Increase', key, value),
    decreaseGroupCounter: ({ groupID, key, value }: any): Promise<Result> => one(groupID, 'Decrease', key, value),

    async getGroupCounters({ groupID, keyList }: any): Promise<Result> {
      const answer = await core.request('get_group_counter', {
        GroupId: groupID,
        ...(keyList?.length && { GroupCounterKeys: keyList }),
      });
      return ok({ counters: answer.GroupCounter.map(({ Key, Value }: any) => ({ key: Key, value: Value })) });
    },
  };
};
