import { TYPES } from '../constants.js';
import { placeOf } from '../convert/ids.js';
import type { Core } from '../core.js';
import { CODE, ok, refuse, type Result } from '../error.js';
import type { Message } from '../models.js';

/** Messages of one call. */
const RECEIPTS_MAX = 30;

/** Confirming that messages were read, and asking who has. */
export const receiptMethods = (core: Core) => {
  const wanted = (list: Message[]): Message[] => {
    const asked = (list ?? []).filter((message) => message.needReadReceipt).slice(0, RECEIPTS_MAX);
    return 0 < asked.length ? asked : refuse(CODE.NO_RECEIPT, 'no message asks for a receipt');
  };
  return {
    async sendMessageReadReceipt(list: Message[]): Promise<Result> {
      const messages = wanted(list);
      const first = messages[0]!;
      const place = placeOf(first.conversationID)!;
      if (first.conversationType === TYPES.CONV_C2C) {
        await core.request('c2c_msg_read_receipt', {
          Peer_Account: place.to,
          C2CMsgInfo: messages.map((message) => ({
            From_Account: message.from,
            To_Account: message.to,
            MsgKey: message._key,
          })),
        });
      } else {
        const MsgSeqList = messages.map((message) => ({ MsgSeq: message.sequence }));
        await core.request('group_msg_receipt', { GroupId: place.groupID, MsgSeqList });
      }
      return ok({ messageList: messages });
    },

    async getMessageReadReceiptList(list: Message[]): Promise<Result> {
      const messages = wanted(list);
      const first = messages[0]!;
      if (first.conversationType !== TYPES.CONV_C2C) {
        const answer = await core.request('get_group_msg_receipt', {
          GroupId: placeOf(first.conversationID)!.groupID,
          MsgSeqList: messages.map((message) => ({ MsgSeq: message.sequence })),
        });
        for (const { MsgSeq, ReadNum, UnreadNum, Code } of answer.GroupMsgReceiptList) {
          const message = messages.find((one) => one.sequence === MsgSeq);
          if (message && Code === 0) message.readReceiptInfo = { readCount: ReadNum, unreadCount: UnreadNum };
        }
      }
      for (const message of messages) message.readReceiptInfo = { isPeerRead: message.isPeerRead, ...message.readReceiptInfo };
      return ok({ messageList: messages });
    },

    async getGroupMessageReadMemberList({ message, filter = 0, cursor = '', count = 100 }: any): Promise<Result> {
      const answer = await core.request('get_group_msg_receipt_detail', {
        GroupId: placeOf(message.conversationID)!.groupID,
        MsgSeq: message.sequence,
        Filter: filter,
        Count: Math.min(count, 100),
        ...(cursor && { Cursor: cursor }),
      });
      const rows: any[] = answer.ReadList ?? answer.UnreadList ?? [];
      const accounts = rows.map((row) => row.Read_Account ?? row.Unread_Account);
      return ok({
        cursor: answer.Cursor ?? '',
        isCompleted: answer.IsFinished === 1,
        messageID: message.ID,
        readUserIDList: filter === 0 ? accounts : [],
        unreadUserIDList: filter === 0 ? [] : accounts,
      });
    },
  };
};
