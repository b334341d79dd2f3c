import { EVENT, TYPES } from '../constants.js';
import { placeOf, wirePlace } from '../convert/ids.js';
import { bodyOf } from '../convert/message.js';
import type { Core } from '../core.js';
import { ChatError, CODE, ok, refuse, type Result } from '../error.js';
import { sendMedia } from '../media/send.js';
import type { Message } from '../models.js';
import { CODES_OF_CONFLICT } from './codes.js';

/** Messages of one call that deletes. */
const DELETE_MAX = 30;
/** Messages, the newest ones, whose numbers are looked at. */
const LOOKED_AT = 20;

const atInfo = (users: string[]) =>
  users.map((user) =>
    user === TYPES.MSG_AT_ALL ? { GroupAtAllFlag: 1 } : { GroupAtAllFlag: 0, GroupAt_Account: user },
  );

const check = (message: any): Message => {
  if (!message?.ID || !message.conversationID) refuse(CODE.NOT_A_MESSAGE, 'the first argument must be a message');
  return message;
};

async function toGroup(core: Core, message: Message, options: any): Promise<void> {
  const place = placeOf(message.conversationID)!;
  const control: string[] = [];
  if (options.messageControlInfo?.excludedFromUnreadCount) control.push('NoUnread');
  if (options.messageControlInfo?.excludedFromLastMessage) control.push('NoLastMsg');
  const answer = await core.request('send_group_msg', {
    ...wirePlace(place),
    Random: message.random,
    MsgPriority: message.priority,
    MsgBody: bodyOf(message),
    ...(message.cloudCustomData && { CloudCustomData: message.cloudCustomData }),
    ...(0 < message.atUserList.length && { GroupAtInfo: atInfo(message.atUserList) }),
    ...(0 < message.receiverList.length && { To_Account: message.receiverList }),
    ...(message.needReadReceipt && { NeedReadReceipt: 1 }),
    ...(message.isSupportExtension && { SupportMessageExtension: 1 }),
    ...(options.onlineUserOnly && { OnlineOnlyFlag: 1 }),
    ...(0 < control.length && { SendMsgControl: control }),
  });
  message.sequence = answer.MsgSeq;
  message.time = answer.MsgTime;
  // Where nothing of others lies between, this client has everything up to its own message.
  const { positions } = core.state;
  if (answer.MsgSeq === (positions.get(message.conversationID) ?? 0) + 1) {
    positions.set(message.conversationID, answer.MsgSeq);
  }
}

/** How far apart numbers of messages may be that follow one another, milliseconds. */
const NUMBERS_APART = 60_000;

/**
 * The number of a new message to an account. Messages of one second are in the order of their numbers, so it comes from the
 * clock, and after those of the messages that this client has seen.
 */
function nextNumber(core: Core, conversationID: string): number {
  const now = Math.floor(Date.now() + core.state.clock) % 2 ** 31;
  const seen = core.history(conversationID).messages.slice(-LOOKED_AT);
  return seen.reduce((number, { sequence }) => (Math.abs(sequence - now) < NUMBERS_APART ? Math.max(number, sequence + 1) : number), now);
}

async function toAccount(core: Core, message: Message, options: any): Promise<void> {
  const control: string[] = [];
  if (options.messageControlInfo?.excludedFromUnreadCount) control.push('NoUnread');
  if (options.messageControlInfo?.excludedFromLastMessage) control.push('NoLastMsg');
  message.sequence ||= nextNumber(core, message.conversationID);
  const answer = await core.request('sendmsg', {
    To_Account: message.to,
    SyncOtherMachine: 1,
    MsgSeq: message.sequence,
    MsgRandom: message.random,
    MsgBody: bodyOf(message),
    ...(message.cloudCustomData && { CloudCustomData: message.cloudCustomData }),
    ...(message.isSupportExtension && { SupportMessageExtension: 1 }),
    ...(message.needReadReceipt && { IsNeedReadReceipt: 1 }),
    ...(options.onlineUserOnly && { MsgLifeTime: 0 }),
    ...(0 < control.length && { SendMsgControl: control }),
  });
  message.time = answer.MsgTime;
  message._key = answer.MsgKey;
}

async function recall(core: Core, message: Message, reason?: string): Promise<void> {
  if (message.conversationType === TYPES.CONV_C2C) {
    await core.request('admin_msgwithdraw', { To_Account: message.to, MsgKey: message._key });
    return;
  }
  const answer = await core.request('group_msg_recall', {
    ...wirePlace(placeOf(message.conversationID)!),
    MsgSeqList: [{ MsgSeq: message.sequence }],
    ...(reason && { Reason: reason }),
  });
  const code = answer.RecallRetList?.[0]?.RetCode ?? 0;
  if (code !== 0) refuse(code, 'the message was not recalled');
}

/** Sending, recalling, deleting and changing messages. */
export const sendMethods = (core: Core) => {
  const send = async (message: Message, options: any = {}): Promise<Result> => {
    check(message);
    const keeps = !options?.onlineUserOnly;
    if (keeps) core.history(message.conversationID).add(message);
    try {
      await sendMedia(core, message);
      await (message.conversationType === TYPES.CONV_C2C ? toAccount : toGroup)(core, message, options ?? {});
    } catch (error) {
      message.status = 'fail';
      const { code, message: text } = error as ChatError;
      throw new ChatError(code ?? CODE.SEND_FAILED, text, { message });
    }
    message.status = 'success';
    message.clientTime = message.time;
    if (keeps) {
      const conversation = core.conversation(message.conversationID);
      conversation._hidden = false;
      core.setLast(conversation, message);
      core.listChanged();
    }
    return ok({ message });
  };
  return {
    sendMessage: send,

    async resendMessage(message: Message, options?: any): Promise<Result> {
      message.status = 'unSend';
      return send(message, options);
    },

    async revokeMessage(message: Message, options?: any): Promise<Result> {
      check(message);
      core.state.recalling.add(message.ID);
      try {
        await recall(core, message, options?.reason);
        message.isRevoked = true;
      } finally {
        core.state.recalling.delete(message.ID);
      }
      message.revoker = core.me;
      message.revokerInfo = { userID: core.me, nick: core.profile(core.me).nick, avatar: core.profile(core.me).avatar };
      const conversation = core.state.conversations.get(message.conversationID);
      if (conversation?.lastMessage.lastSequence === message.sequence) {
        core.setLast(conversation, message);
        core.listChanged();
      }
      // UI kits wait for this also where they recall themselves.
      core.emit(EVENT.MESSAGE_REVOKED, [message]);
      return ok({ message });
    },

    async deleteMessage(messageList: Message[]): Promise<Result> {
      const [first] = messageList ?? [];
      if (!first || DELETE_MAX < messageList.length) {
        refuse(CODE.EMPTY_OPTIONS, `messageList must have 1 to ${DELETE_MAX} messages`);
      }
      if (first!.conversationType === TYPES.CONV_SYSTEM) {
        refuse(CODE.NOTICE_NOT_DELETABLE, 'notices cannot be deleted');
      }
      if (first!.conversationType === TYPES.CONV_C2C) {
        await core.request('delete_c2c_msg_ramble', {
          Peer_Account: placeOf(first!.conversationID)!.to,
          MsgKeyList: messageList.map((message) => message._key),
        });
      } else {
        refuse(CODE.NOT_AVAILABLE, 'messages of groups cannot be deleted for one account alone');
      }
      for (const message of messageList) {
        message.isDeleted = true;
        core.history(message.conversationID).remove(message.ID);
      }
      return ok({ messageList });
    },

    async modifyMessage(message: Message): Promise<Result> {
      check(message);
      const body = { MsgBody: bodyOf(message), CloudCustomData: message.cloudCustomData };
      try {
        if (message.conversationType === TYPES.CONV_C2C) {
          await core.request('modify_c2c_msg', { To_Account: message.to, MsgKey: message._key, ...body });
        } else {
          const place = wirePlace(placeOf(message.conversationID)!);
          await core.request('modify_group_msg', { ...place, MsgSeq: message.sequence, ...body });
        }
      } catch (error) {
        const { code, message: text } = error as ChatError;
        throw new ChatError(CODES_OF_CONFLICT.has(code) ? 2480 : code, text, { message });
      }
      message.isModified = true;
      return ok({ message });
    },

    findMessage: (messageID: string): Message | null => core.findMessage(messageID) ?? null,

    async downloadMergerMessage(message: Message): Promise<Message> {
      return check(message);
    },
  };
};
