/** The objects that apps see. Members that the public interface declares with types of its own are `any` here. */

export interface ReadReceiptInfo {
  readCount?: number;
  unreadCount?: number;
  isPeerRead?: boolean;
  timestamp?: number;
  [name: string]: any;
}

export interface Message {
  ID: string;
  type: any;
  payload: any;
  conversationID: string;
  conversationType: any;
  to: string;
  from: string;
  flow: any;
  time: number;
  status: any;
  isRevoked: boolean;
  priority: any;
  nick: string;
  avatar: string;
  isPeerRead: boolean;
  nameCard: string;
  atUserList: string[];
  cloudCustomData: string;
  isDeleted: boolean;
  isModified: boolean;
  needReadReceipt: boolean;
  readReceiptInfo: ReadReceiptInfo;
  isBroadcastMessage: boolean;
  isSupportExtension: boolean;
  revoker: string;
  revokerInfo: { userID: string; nick: string; avatar: string };
  revokeReason: string;
  sequence: number;
  hasRiskContent: boolean;
  random: number;
  clientTime: number;
  clientSequence: number;
  receiverList: string[];
  [name: string]: any;
}

export interface LastMessage {
  lastTime: number;
  lastSequence: number;
  fromAccount: string;
  isRevoked: boolean;
  revoker: string;
  isPeerRead: boolean;
  messageForShow: string;
  type: any;
  payload: any;
  nick: string;
  nameCard: string;
  version: number;
  [name: string]: any;
}

export interface Conversation {
  conversationID: string;
  type: any;
  subType: string;
  unreadCount: number;
  lastMessage: LastMessage;
  groupProfile: any;
  userProfile: any;
  groupAtInfoList: any[];
  remark: string;
  isPinned: boolean;
  messageRemindType: string;
  markList: number[];
  customData: string;
  conversationGroupList: string[];
  draftText: string;
  isSupportTopic?: boolean;
  [name: string]: any;
}

export interface Group {
  groupID: string;
  name: string;
  avatar: string;
  type: any;
  introduction: string;
  notification: string;
  ownerID: string;
  createTime: number;
  infoSequence: number;
  lastInfoTime: number;
  selfInfo: any;
  lastMessage: any;
  nextMessageSeq: number;
  memberCount: number;
  maxMemberCount: number;
  muteAllMembers: boolean;
  joinOption: string;
  inviteOption: string;
  groupCustomField: { key: string; value: string }[];
  isSupportTopic: boolean;
  [name: string]: any;
}

export interface GroupMember {
  userID: string;
  avatar: string;
  nick: string;
  role: string;
  joinTime: number;
  nameCard: string;
  muteUntil: number;
  memberCustomField: { key: string; value: string }[];
  [name: string]: any;
}

export interface Profile {
  userID: string;
  nick: string;
  gender: string;
  birthday: number;
  location: string;
  selfSignature: string;
  allowType: string;
  language: number;
  avatar: string;
  messageSettings: number;
  adminForbidType: string;
  level: number;
  role: number;
  lastUpdatedTime: number;
  profileCustomField: { key: string; value: string }[];
  [name: string]: any;
}

export interface Friend {
  userID: string;
  remark: string;
  groupList: string[];
  source: string;
  wording: string;
  timeStamp: number;
  profile: Profile;
  friendCustomField: { key: string; value: string }[];
  [name: string]: any;
}

export const noLastMessage = (): LastMessage => ({
  lastTime: 0,
  lastSequence: 0,
  fromAccount: '',
  isRevoked: false,
  revoker: '',
  isPeerRead: false,
  messageForShow: '',
  type: '',
  payload: {},
  nick: '',
  nameCard: '',
  version: 0,
});
