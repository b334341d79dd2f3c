import { TYPES } from '../constants.js';
import type { Message } from '../models.js';
import { elementOf, payloadOf } from './elements.js';
import { c2cConversation, groupConversation, messageId } from './ids.js';

type Json = Record<string, any>;

const base = (): Message => ({
  ID: '',
  conversationID: '',
  conversationType: '',
  to: '',
  from: '',
  type: '',
  payload: {},
  flow: 'in',
  time: 0,
  status: 'success',
  isRevoked: false,
  priority: 'Normal',
  nick: '',
  avatar: '',
  isPeerRead: false,
  nameCard: '',
  atUserList: [],
  cloudCustomData: '',
  isDeleted: false,
  isModified: false,
  needReadReceipt: false,
  readReceiptInfo: {},
  isBroadcastMessage: false,
  isSupportExtension: false,
  revoker: '',
  revokerInfo: { userID: '', nick: '', avatar: '' },
  revokeReason: '',
  sequence: 0,
  hasRiskContent: false,
  random: 0,
  clientTime: 0,
  clientSequence: 0,
  receiverList: [],
});

const atUsers = (info: Json[] | undefined): string[] =>
  (info ?? []).map((at) => (at.GroupAtAllFlag ? TYPES.MSG_AT_ALL : at.GroupAt_Account));

const body = (elements: Json[] | undefined) => {
  const [first, ...more] = elements ?? [];
  const rest = 0 < more.length ? { _elements: elements } : {};
  return { type: first?.MsgType ?? TYPES.MSG_TEXT, payload: payloadOf(first), ...rest };
};

/** The random number in the key of a one-to-one message. */
const keyParts = (key: string | undefined): number[] => (key ?? '').split('_').map((part) => Number(part) || 0);

/** A message from a frame, live or of a history. */
export function fromFrame(frame: Json, me: string): Message {
  const group: string | undefined = frame.TopicId ?? frame.GroupId;
  const from: string = frame.From_Account ?? '';
  const peer = from === me ? frame.To_Account : from;
  const to: string = group ?? frame.To_Account ?? '';
  const conversationID = group === undefined ? c2cConversation(peer) : groupConversation(group);
  const sequence = frame.MsgSeq ?? 0;
  const random = frame.Random ?? keyParts(frame.MsgKey)[1] ?? 0;
  const revoked = frame.Event === 'recalled' || frame.IsPlaceMsg === 1;
  return {
    ...base(),
    ...body(frame.MsgBody),
    ID: messageId(from, to, random, sequence),
    conversationID,
    conversationType: group === undefined ? TYPES.CONV_C2C : TYPES.CONV_GROUP,
    to,
    from,
    flow: from === me ? 'out' : 'in',
    time: frame.MsgTime ?? 0,
    clientTime: frame.MsgTime ?? 0,
    priority: frame.MsgPriority ?? 'Normal',
    nick: frame.Nick ?? '',
    avatar: frame.FaceUrl ?? '',
    nameCard: frame.NameCard ?? '',
    atUserList: atUsers(frame.GroupAtInfo),
    cloudCustomData: frame.CloudCustomData ?? '',
    needReadReceipt: frame.NeedReadReceipt === 1 || frame.IsNeedReadReceipt === 1,
    isPeerRead: frame.IsPeerRead === 1,
    isSupportExtension: frame.SupportMessageExtension === 1,
    isModified: frame.Event === 'modified',
    isRevoked: revoked,
    revoker: frame.Operator_Account ?? '',
    revokerInfo: { userID: frame.Operator_Account ?? '', nick: '', avatar: '' },
    revokeReason: frame.Reason ?? '',
    // A one-to-one message is known by the number that its sender gave it.
    sequence: group === undefined ? (keyParts(frame.MsgKey)[0] ?? 0) : sequence,
    random,
    _key: frame.MsgKey,
    _onlineOnly: frame.OnlineOnlyFlag === 1,
    _noUnread: frame.NoUnread === 1,
    _version: frame.Version ?? 0,
  };
}

/** A message of a one-to-one history as REST has it. */
export function fromRoam(row: Json, me: string): Message {
  const [, random = 0] = keyParts(row.MsgKey);
  const peer = row.From_Account === me ? row.To_Account : row.From_Account;
  const conversationID = c2cConversation(peer);
  const revoked = (row.MsgFlagBits & 8) !== 0;
  return {
    ...base(),
    ...body(row.MsgBody),
    ID: messageId(row.From_Account, row.To_Account, random, row.MsgSeq),
    conversationID,
    conversationType: TYPES.CONV_C2C,
    to: row.To_Account,
    from: row.From_Account,
    flow: row.From_Account === me ? 'out' : 'in',
    time: row.MsgTimeStamp,
    clientTime: row.MsgTimeStamp,
    cloudCustomData: row.CloudCustomData ?? '',
    nick: row.Nick ?? '',
    avatar: row.FaceUrl ?? '',
    isPeerRead: row.IsPeerRead === 1,
    isRevoked: revoked,
    needReadReceipt: row.IsNeedReadReceipt === 1,
    isSupportExtension: row.SupportMessageExtension === 1,
    sequence: row.MsgSeq,
    random,
    _key: row.MsgKey,
  };
}

let lastSequence = 0;

/** Numbers that rise, also from page to page: one-to-one messages of the same second are in their order. */
const nextSequence = (): number => (lastSequence = Math.max(lastSequence + 1, Math.floor(Date.now() / 1000)));

/** A new message of this account that is not sent yet. */
export function unsent(options: Json, type: string, me: string, own: Json): Message {
  const isGroup = options.conversationType !== TYPES.CONV_C2C;
  const to = String(options.to);
  const conversationID = isGroup ? groupConversation(to) : c2cConversation(to);
  const random = Math.floor(Math.random() * 0xffff_fffe) + 1;
  const time = Math.floor(Date.now() / 1000);
  return {
    ...base(),
    ID: messageId(me, to, random, 0),
    type,
    payload: options.payload,
    conversationID,
    conversationType: isGroup ? TYPES.CONV_GROUP : TYPES.CONV_C2C,
    to,
    from: me,
    flow: 'out',
    status: 'unSend',
    time,
    clientTime: time,
    priority: options.priority ?? 'Normal',
    nick: own.nick ?? '',
    avatar: own.avatar ?? '',
    cloudCustomData: options.cloudCustomData ?? '',
    needReadReceipt: Boolean(options.needReadReceipt),
    isSupportExtension: Boolean(options.isSupportExtension),
    receiverList: options.receiverList ?? [],
    atUserList: options.payload?.atUserList ?? [],
    random,
    clientSequence: nextSequence(),
  };
}

/** The elements of a message, as the server takes them. */
export const bodyOf = (message: Message): Json[] =>
  message._elements ?? [elementOf(message.type, message.payload)];

/** Tips by their number on the wire, as apps number them. */
const TIPS: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 8: 7, 9: 6 };

const PROFILE_FIELDS: Record<string, string> = {
  Name: 'groupName',
  Introduction: 'introduction',
  Notification: 'notification',
  FaceUrl: 'avatar',
  Owner_Account: 'ownerID',
  MuteAllMember: 'muteAllMembers',
  ApplyJoinOption: 'joinOption',
};

/** A tip of a group, as a message. */
export function fromTip(frame: Json, me: string, count: number): Message {
  const to: string = frame.TopicId ?? frame.GroupId;
  const conversationID = groupConversation(to);
  const changes = (frame.ChangeList ?? []) as Json[];
  const newGroupProfile: Json = {};
  for (const { Field, Value } of changes) {
    newGroupProfile[PROFILE_FIELDS[Field] ?? Field] = Value;
    if (Field === 'FaceUrl') newGroupProfile.faceUrl = Value;
  }
  const muteTime = changes.find((change) => change.Field === 'MuteTime')?.Value;
  const members = ((frame.MemberList ?? []) as Json[]).map((member) => ({
    userID: member.Member_Account ?? member,
    nick: member.Nick ?? '',
    avatar: member.FaceUrl ?? '',
    ...(muteTime === undefined ? {} : { muteTime: Number(muteTime) }),
  }));
  return {
    ...base(),
    ID: `${hashTip(frame)}-${conversationID}-${frame.MsgSeq || `t${count}`}`,
    type: TYPES.MSG_GRP_TIP,
    payload: {
      operatorID: frame.Operator_Account ?? '',
      operationType: TIPS[frame.OpType] ?? frame.OpType,
      userIDList: members.map((member) => member.userID),
      memberList: members,
      newGroupProfile,
      groupProfile: { groupID: frame.GroupId, type: frame.Type },
    },
    conversationID,
    conversationType: TYPES.CONV_GROUP,
    to,
    from: frame.Operator_Account ?? '',
    flow: frame.Operator_Account === me ? 'out' : 'in',
    time: frame.MsgTime ?? 0,
    clientTime: frame.MsgTime ?? 0,
    sequence: frame.MsgSeq ?? 0,
  };
}

const hashTip = (frame: Json): string => `tip${frame.OpType}`;

/** A notice to this account, as a message. */
export function fromNotice(frame: Json, me: string, count: number): Message {
  return {
    ...base(),
    ID: `notice${frame.NoticeType}-${frame.GroupId}-${frame.Time}-${count}`,
    type: TYPES.MSG_GRP_SYS_NOTICE,
    payload: {
      operatorID: frame.Operator_Account ?? '',
      operationType: frame.NoticeType === 16 ? 255 : frame.NoticeType,
      groupProfile: { groupID: frame.GroupId, type: frame.Type, name: frame.Name ?? '', groupName: frame.Name ?? '' },
      handleMessage: frame.Content ?? '',
      userDefinedField: frame.NoticeType === 16 ? (frame.Content ?? '') : '',
      remark: frame.Content ?? '',
      messageKey: frame.ApplicationId ?? '',
      authentication: frame.ApplicationId ?? '',
      ...(frame.MuteTime === undefined ? {} : { muteTime: frame.MuteTime }),
    },
    conversationID: TYPES.CONV_SYSTEM,
    conversationType: TYPES.CONV_SYSTEM,
    to: frame.GroupId ?? me,
    from: TYPES.CONV_SYSTEM,
    time: frame.Time ?? 0,
    clientTime: frame.Time ?? 0,
  };
}
