import { TYPES } from '../constants.js';
import { placeOf } from '../convert/ids.js';
import type { Core } from '../core.js';
import { CODE, ok, refuse, type Result } from '../error.js';
import type { Message } from '../models.js';

const SET = 1;
const DELETE = 2;
const CLEAR = 3;

/** Key and value pairs that members add to a message. */
export const extensionMethods = (core: Core) => {
  /** Number of the last change of a key, by message: the server refuses a change of a value that it has newer. */
  const sequences = new Map<string, Map<string, number>>();

  const place = (message: Message): string => {
    if (message?.conversationType !== TYPES.CONV_GROUP) {
      return refuse(CODE.NOT_AVAILABLE, 'messages between accounts cannot be extended by them');
    }
    return placeOf(message.conversationID)!.groupID;
  };
  const learn = (message: Message, rows: any[]): void => {
    const known = sequences.get(message.ID) ?? new Map<string, number>();
    for (const row of rows) if (row.Seq !== undefined) known.set(row.Key, row.Seq);
    sequences.set(message.ID, known);
  };
  const change = async (message: Message, OperateType: number, list: any[]): Promise<any[]> => {
    const known = sequences.get(message.ID);
    const answer = await core.request('group_set_key_values', {
      GroupId: place(message),
      MsgSeq: message.sequence,
      OperateType,
      ...(OperateType !== CLEAR && {
        ExtensionList: list.map((row) => ({ ...row, Seq: known?.get(row.Key) ?? 0 })),
      }),
    });
    const rows: any[] = (answer.ExtensionList ?? []).map((row: any) => ({ ...row, ...row.Extension }));
    learn(message, rows);
    return rows.map((row) => ({ code: row.ErrorCode ?? row.Code ?? 0, key: row.Key, value: row.Value }));
  };

  return {
    async setMessageExtensions(message: Message, extensions: any[]): Promise<Result> {
      const list = (extensions ?? []).map(({ key, value }) => ({ Key: key, Value: value }));
      return ok({ extensions: await change(message, SET, list) });
    },

    async getMessageExtensions(message: Message, keyList?: string[]): Promise<Result> {
      const answer = await core.request('group_get_key_values', { GroupId: place(message), MsgSeq: message.sequence });
      const rows: any[] = answer.ExtensionList ?? [];
      learn(message, rows);
      const wanted = keyList?.length ? rows.filter((row) => keyList.includes(row.Key)) : rows;
      return ok({ extensions: wanted.map((row) => ({ key: row.Key, value: row.Value })) });
    },

    async deleteMessageExtensions(message: Message, keyList?: string[]): Promise<Result> {
      const list = (keyList ?? []).map((Key) => ({ Key }));
      return ok({ extensions: await change(message, 0 < list.length ? DELETE : CLEAR, list) });
    },
  };
};
