import { EVENT, TYPES } from './constants.js';
import { groupConversation, placeOf, wirePlace } from './convert/ids.js';
import { fromNotice } from './convert/message.js';
import { updateProfile } from './convert/profile.js';
import type { Core } from './core.js';
import type { Conversation, Message } from './models.js';
import { groupLeft, refreshGroup } from './refresh.js';
import { loadProfiles, named, syncLists, toMessage } from './sync.js';
import type { Frame } from './wire/connection.js';

/** Messages of a conversation after which they are acknowledged. */
const ACKNOWLEDGE_EVERY = 50;

/** Takes a frame that came by itself. Those that name unknown accounts, and all behind them, wait until these are looked up. */
export function takeFrame(core: Core, frame: Frame): void {
  const { held } = core.state;
  held.push(frame);
  if (held.length === 1) takeHeld(core);
}

function takeHeld(core: Core): void {
  const { state } = core;
  while (0 < state.held.length) {
    const unknown = [...new Set(state.held.flatMap(namesIn))].filter((name) => !state.asked.has(name) && !state.known.has(name));
    if (0 < unknown.length) {
      unknown.forEach((name) => state.asked.add(name));
      loadProfiles(core, unknown)
        .catch(() => {})
        .then(() => {
          if (state === core.state) takeHeld(core);
        });
      return;
    }
    const frame = state.held[0]!;
    HANDLERS[frame.Event]?.(core, frame);
    state.held.shift();
  }
}

/** The accounts that a tip or notice names without their nicks. */
const namesIn = (frame: Frame): string[] =>
  frame.Event === 'tip' || frame.Event === 'notice'
    ? [frame.Operator_Account, ...(frame.MemberList ?? []).map((member: any) => member.Member_Account ?? member)].filter(
        (name) => typeof name === 'string' && name !== '',
      )
    : [];

const HANDLERS: Record<string, (core: Core, frame: Frame) => void> = {
  message: takeMessage,
  tip: takeTip,
  modified: takeModified,
  recalled: takeRecalled,
  notice: takeNotice,
  read: takeRead,
  receipt: takeReceipt,
  portrait: takePortrait,
  attributes: takeAttributes,
  counters: takeCounters,
  extensions: takeExtensions,
  pin: takePin,
  friend_add: (core) => core.emitter.emit('friends'),
  friend_delete: (core) => core.emitter.emit('friends'),
  black_list_add: (core) => core.emitter.emit('blocklist'),
  black_list_delete: (core) => core.emitter.emit('blocklist'),
  follow_add: (core) => core.emitter.emit('follows'),
  follow_delete: (core) => core.emitter.emit('follows'),
  caught_up: (core, frame) => acknowledge(core, conversationOf(core, frame), frame.MsgSeq, true),
  waiting: (core, frame) => acknowledge(core, conversationOf(core, frame), frame.MsgSeq, true),
  missed: takeMissed,
};

function conversationOf(core: Core, frame: Frame): string {
  const group = frame.TopicId ?? frame.GroupId;
  if (group !== undefined) return groupConversation(group);
  const peer = frame.Peer_Account ?? (frame.From_Account === core.me ? frame.To_Account : frame.From_Account);
  return `${TYPES.CONV_C2C}${peer}`;
}

/** Whether a numbered frame is new here; it is acknowledged with those before it. */
function isNew(core: Core, id: string, frame: Frame): boolean {
  const number: number = frame.MsgSeq ?? 0;
  if (number === 0) return true;
  const last = core.state.positions.get(id) ?? 0;
  if (number <= last) return false;
  core.state.positions.set(id, number);
  acknowledge(core, id, number, false);
  return true;
}

function acknowledge(core: Core, id: string, number: number, now: boolean): void {
  const count = (core.state.unacknowledged.get(id) ?? 0) + 1;
  core.state.unacknowledged.set(id, count);
  if (!now && count < ACKNOWLEDGE_EVERY) return;
  core.state.unacknowledged.set(id, 0);
  const place = placeOf(id);
  if (place) core.session?.tell('ack', { ...wirePlace(place), MsgSeq: number });
}

function takeMessage(core: Core, frame: Frame): void {
  if (frame.Official_Account !== undefined) return;
  const id = conversationOf(core, frame);
  if (!isNew(core, id, frame)) return;
  const message = toMessage(core, frame);
  if (message._onlineOnly) {
    core.emit(EVENT.MESSAGE_RECEIVED, [message]);
    core.emitter.emit('signals', message);
    return;
  }
  const history = core.history(id);
  // What this client sent comes again when it catches up.
  const own = message.flow === 'out' ? history.get(message.ID)?.status : undefined;
  const stored = history.add(message);
  if (own !== undefined) {
    // Its answer was lost with the connection.
    if (own !== 'success') {
      core.setLast(core.conversation(id), stored);
      core.listChanged();
    }
    return;
  }
  received(core, stored, frame);
  if (stored.flow === 'in') core.emitter.emit('signals', stored);
}

function received(core: Core, message: Message, frame: Frame): void {
  const conversation = core.conversation(message.conversationID);
  conversation._hidden = false;
  core.setLast(conversation, message);
  if (counts(conversation, message, frame)) {
    conversation.unreadCount += 1;
    takeAt(core, conversation, message);
  }
  const group = conversation.groupProfile;
  if (group && !group.type) group.type = frame.Type ?? '';
  if (group && frame.MsgSeq) group.nextMessageSeq = frame.MsgSeq + 1;
  if (core.state.ready) core.emit(EVENT.MESSAGE_RECEIVED, [message]);
  core.listChanged();
}

function counts(conversation: Conversation, message: Message, frame: Frame): boolean {
  const counted = conversation.subType !== TYPES.GRP_MEETING && conversation.subType !== TYPES.GRP_AVCHATROOM;
  const isCounted = (frame.MsgSeq ?? 0) <= (conversation._counted ?? 0);
  return counted && message.flow === 'in' && !message._noUnread && !isCounted;
}

function takeAt(core: Core, conversation: Conversation, message: Message): void {
  const me = message.atUserList.includes(core.me);
  const all = message.atUserList.includes(TYPES.MSG_AT_ALL);
  if (!me && !all) return;
  const kind = me && all ? TYPES.CONV_AT_ALL_AT_ME : me ? TYPES.CONV_AT_ME : TYPES.CONV_AT_ALL;
  conversation.groupAtInfoList.push({
    from: message.from,
    groupID: message.to,
    messageSequence: message.sequence,
    atTypeArray: [kind],
  });
}

function takeTip(core: Core, frame: Frame): void {
  const id = conversationOf(core, frame);
  if (!isNew(core, id, frame)) return;
  const message = toMessage(core, frame);
  const stored = 0 < message.sequence ? core.history(id).add(message) : message;
  received(core, stored, frame);
  refreshGroup(core, frame);
}

export function takeModified(core: Core, frame: Frame): void {
  const id = conversationOf(core, frame);
  const changed = toMessage(core, frame);
  const message = core.history(id).add(changed);
  message.isModified = true;
  relast(core, id, message);
  core.emit(EVENT.MESSAGE_MODIFIED, [message]);
}

export function takeRecalled(core: Core, frame: Frame): void {
  const id = conversationOf(core, frame);
  const history = core.history(id);
  const known = frame.MsgKey === undefined ? history.bySequence(frame.MsgSeq) : history.byKey(frame.MsgKey);
  // Who recalls a message hears of it with the answer.
  if (known && (known.isRevoked || core.state.recalling.has(known.ID))) return;
  const message = known ?? named(core, toMessage(core, frame));
  const revoker: string = frame.Operator_Account ?? message.from;
  const profile = core.profile(revoker);
  message.isRevoked = true;
  message.revoker = revoker;
  message.revokerInfo = { userID: revoker, nick: frame.Nick ?? profile.nick, avatar: frame.FaceUrl ?? profile.avatar };
  message.revokeReason = frame.Reason ?? '';
  relast(core, id, message);
  core.emit(EVENT.MESSAGE_REVOKED, [message]);
}

/** Shows a change of the last message of a conversation in the list. */
function relast(core: Core, id: string, message: Message): void {
  const conversation = core.state.conversations.get(id);
  if (!conversation || conversation.lastMessage.lastSequence !== message.sequence) return;
  core.setLast(conversation, message);
  core.listChanged();
}

const LEFT = new Set([4, 5, 8]);

function takeNotice(core: Core, frame: Frame): void {
  if (frame.NoticeType === 15) {
    const conversation = core.state.conversations.get(conversationOf(core, frame));
    if (!conversation) return;
    const last = core.state.positions.get(conversation.conversationID) ?? frame.MsgSeq;
    conversation.unreadCount = Math.min(conversation.unreadCount, Math.max(0, last - frame.MsgSeq));
    if (conversation.unreadCount === 0) conversation.groupAtInfoList = [];
    core.listChanged();
    return;
  }
  const message = fromNotice(frame, core.me, (core.state.tips += 1));
  const group = core.state.groups.get(frame.GroupId);
  if (group?.name) message.payload.groupProfile.name = message.payload.groupProfile.groupName = group.name;
  core.emit(EVENT.MESSAGE_RECEIVED, [message]);
  if (LEFT.has(frame.NoticeType)) groupLeft(core, frame.GroupId);
  else if (frame.GroupId) refreshGroup(core, frame);
}

function takeRead(core: Core, frame: Frame): void {
  if (frame.Report_Account === core.me) {
    const conversation = core.state.conversations.get(`${TYPES.CONV_C2C}${frame.Peer_Account}`);
    if (!conversation) return;
    conversation.unreadCount = frame.UnreadMsgNum;
    core.listChanged();
    return;
  }
  const id = `${TYPES.CONV_C2C}${frame.Report_Account}`;
  const messages = core.history(id).messages.filter(
    (message) => message.flow === 'out' && !message.isPeerRead && message.time <= frame.LastReadTime,
  );
  messages.forEach((message) => (message.isPeerRead = true));
  const last = core.state.conversations.get(id)?.lastMessage;
  if (last && last.fromAccount === core.me && last.lastTime <= frame.LastReadTime && !last.isPeerRead) {
    last.isPeerRead = true;
    core.listChanged();
  }
  if (0 < messages.length) core.emit(EVENT.MESSAGE_READ_BY_PEER, messages);
}

export function takeReceipt(core: Core, frame: Frame): void {
  const receipts = frame.GroupId === undefined ? peerReceipts(core, frame) : groupReceipts(core, frame);
  if (0 < receipts.length) core.emit(EVENT.MESSAGE_READ_RECEIPT_RECEIVED, receipts);
}

function peerReceipts(core: Core, frame: Frame): object[] {
  if (frame.Operator_Account === core.me) return [];
  const history = core.history(`${TYPES.CONV_C2C}${frame.Operator_Account}`);
  return (frame.MsgKeyList as string[]).flatMap((key) => {
    const message = history.byKey(key);
    if (!message) return [];
    message.isPeerRead = true;
    message.readReceiptInfo = { ...message.readReceiptInfo, isPeerRead: true };
    return [{ userID: frame.Operator_Account, groupID: '', messageID: message.ID, isPeerRead: true }];
  });
}

function groupReceipts(core: Core, frame: Frame): object[] {
  const history = core.history(conversationOf(core, frame));
  return (frame.MsgList as Frame[]).flatMap(({ MsgSeq, ReadNum, UnreadNum }) => {
    const message = history.bySequence(MsgSeq);
    if (!message) return [];
    message.readReceiptInfo = { ...message.readReceiptInfo, readCount: ReadNum, unreadCount: UnreadNum };
    return [
      { groupID: frame.GroupId, userID: '', messageID: message.ID, readCount: ReadNum, unreadCount: UnreadNum },
    ];
  });
}

function takePortrait(core: Core, frame: Frame): void {
  const profile = core.profile(frame.From_Account);
  if (!updateProfile(profile, frame.ProfileItem)) return;
  core.emit(EVENT.PROFILE_UPDATED, [profile]);
  if (core.state.conversations.has(`${TYPES.CONV_C2C}${profile.userID}`)) core.listChanged();
}

function takeAttributes(core: Core, frame: Frame): void {
  const { GroupId, OptionType, GroupAttr } = frame;
  const replaces = OptionType === 'set' || OptionType === 'clear';
  const now: Record<string, string> = replaces ? {} : { ...core.state.attributes.get(GroupId) };
  for (const { key, value } of GroupAttr ?? []) {
    if (OptionType === 'delete') delete now[key];
    else now[key] = value;
  }
  core.state.attributes.set(GroupId, now);
  core.emit(EVENT.GROUP_ATTRIBUTES_UPDATED, { groupID: GroupId, groupAttributes: now });
}

function takeCounters(core: Core, frame: Frame): void {
  for (const { Key, Value } of frame.GroupCounter ?? []) {
    core.emit(EVENT.GROUP_COUNTER_UPDATED, { groupID: frame.GroupId, key: Key, value: Value });
  }
}

function takeExtensions(core: Core, frame: Frame): void {
  const history = core.history(conversationOf(core, frame));
  const message = frame.MsgKey === undefined ? history.bySequence(frame.MsgSeq) : history.byKey(frame.MsgKey);
  if (!message) return;
  const list: Frame[] = frame.ExtensionList ?? [];
  if (frame.OperateType === 1) {
    const extensions = list.map(({ Key, Value }) => ({ key: Key, value: Value }));
    core.emit(EVENT.MESSAGE_EXTENSIONS_UPDATED, { messageID: message.ID, extensions });
  } else {
    core.emit(EVENT.MESSAGE_EXTENSIONS_DELETED, { messageID: message.ID, keyList: list.map(({ Key }) => Key) });
  }
}

function takePin(core: Core, frame: Frame): void {
  const conversation = core.state.conversations.get(conversationOf(core, frame));
  if (!conversation || conversation.isPinned === (frame.TopFlag === 1)) return;
  conversation.isPinned = frame.TopFlag === 1;
  core.listChanged();
}

/** Events were lost between servers: the lists say what is new. */
function takeMissed(core: Core, frame: Frame): void {
  if (frame.Chats === 1) {
    syncLists(core, { ServerTime: Math.floor((Date.now() + core.state.clock) / 1000), GroupCount: core.groups().length })
      .then(() => core.listChanged())
      .catch(() => {});
    return;
  }
  const id = conversationOf(core, frame);
  const place = placeOf(id);
  if (place) core.session?.tell('catch_up', { ...wirePlace(place), MsgSeq: core.state.positions.get(id) ?? frame.MsgSeq });
}
