import type { Group, GroupMember, Profile } from '../models.js';

type Json = Record<string, any>;

export const fieldsIn = (list: Json[] | undefined): { key: string; value: string }[] =>
  (list ?? []).map((field) => ({ key: field.Key, value: field.Value }));

export const fieldsOut = (list: Json[] | undefined): Json[] =>
  (list ?? []).map((field) => ({ Key: field.key, Value: field.value }));

/** Assigns those values that are there. */
export function assign<T extends object>(target: T, values: Partial<T>): T {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) (target as Json)[name] = value;
  }
  return target;
}

export const newGroup = (groupID: string): Group => ({
  groupID,
  name: '',
  avatar: '',
  type: '',
  introduction: '',
  notification: '',
  ownerID: '',
  createTime: 0,
  infoSequence: 0,
  lastInfoTime: 0,
  selfInfo: { userID: '', role: '', joinTime: 0, messageRemindType: 'AcceptAndNotify', nameCard: '', muteTime: 0 },
  lastMessage: { lastTime: 0, lastSequence: 0, fromAccount: '', messageForShow: '' },
  nextMessageSeq: 0,
  memberCount: 0,
  maxMemberCount: 0,
  muteAllMembers: false,
  joinOption: '',
  inviteOption: '',
  groupCustomField: [],
  isSupportTopic: false,
});

const onOff = (value: unknown): boolean | undefined =>
  value === undefined ? undefined : value === 'On' || value === true || value === 1;

/** What can be changed of a group, to see whether it was. */
export const profileOf = (group: Group): string => {
  const { name, avatar, introduction, notification, ownerID, muteAllMembers, joinOption, inviteOption } = group;
  const texts = [name, avatar, introduction, notification, ownerID, muteAllMembers, joinOption, inviteOption];
  return JSON.stringify([texts, group.groupCustomField]);
};

/** Takes what an answer says of a group. */
export function updateGroup(group: Group, row: Json, me: string): Group {
  assign(group, {
    name: row.Name,
    avatar: row.FaceUrl,
    type: row.Type,
    introduction: row.Introduction,
    notification: row.Notification,
    ownerID: row.Owner_Account,
    createTime: row.CreateTime,
    infoSequence: row.InfoSeq,
    lastInfoTime: row.LastInfoTime,
    nextMessageSeq: row.NextMsgSeq ?? (row.MsgSeq === undefined ? undefined : row.MsgSeq + 1),
    memberCount: row.MemberNum,
    maxMemberCount: row.MaxMemberNum,
    muteAllMembers: onOff(row.MuteAllMember ?? row.ShutUpAllMember),
    joinOption: row.ApplyJoinOption,
    inviteOption: row.InviteJoinOption,
    groupCustomField: row.AppDefinedData && fieldsIn(row.AppDefinedData),
    isSupportTopic: onOff(row.SupportTopic),
  });
  const self: Json | undefined = row.SelfInfo;
  if (self) {
    assign(group.selfInfo, {
      userID: me,
      role: self.Role,
      joinTime: self.JoinTime,
      messageRemindType: self.MsgFlag,
      nameCard: self.NameCard,
      muteTime: self.MuteUntil,
      muteUntil: self.MuteUntil,
      readedSequence: row.ReadMsgSeq,
    });
  }
  return group;
}

export const memberOf = (row: Json, profile?: Profile): GroupMember => ({
  userID: row.Member_Account,
  nick: row.Nick ?? profile?.nick ?? '',
  avatar: row.FaceUrl ?? profile?.avatar ?? '',
  role: row.Role ?? 'Member',
  joinTime: row.JoinTime ?? 0,
  nameCard: row.NameCard ?? '',
  muteUntil: row.MuteUntil ?? row.ShutUpUntil ?? 0,
  memberCustomField: fieldsIn(row.AppMemberDefinedData),
});
