import { TYPES } from './constants.js';
import { updateGroup } from './convert/group.js';
import { c2cConversation, groupConversation } from './convert/ids.js';
import { fromFrame, fromTip } from './convert/message.js';
import { ALL_TAGS, updateProfile } from './convert/profile.js';
import type { Core } from './core.js';
import type { Conversation, Message } from './models.js';
import { forgetGroup } from './refresh.js';
import type { Frame } from './wire/connection.js';

/** Rows of one answer. */
const PAGE = 200;
/** Accounts of one call. */
const PROFILES = 100;
const WITH = ['Profile', 'Self', 'Last', 'At'];

/** Reads the lists of conversations and groups, then the profiles of those who are in them. */
export async function syncLists(core: Core, ready: Frame): Promise<void> {
  core.state.clock = ready.ServerTime * 1000 - Date.now();
  if (ready.Limits) core.state.limits = ready.Limits;
  const [, , recent] = await Promise.all([
    syncGroups(core, ready.GroupCount),
    syncChats(core),
    core.request('get_list', { TimeStamp: 0, StartIndex: 0, TopTimeStamp: 0, TopStartIndex: 0, AssistFlags: 63 }),
  ]);
  takeMarks(core, recent);
  if (recent.SessionItem.some((row: Frame) => row.ContactGroupId?.length)) await nameFolders(core, recent);
  const accounts = new Set([core.me]);
  for (const conversation of core.state.conversations.values()) {
    if (conversation.userProfile) accounts.add(conversation.userProfile.userID);
  }
  await loadProfiles(core, [...accounts]);
}

/** Reads the groups, all pages at once, and forgets those that the account was in before. */
async function syncGroups(core: Core, count: number): Promise<void> {
  const before = core.groups();
  const listed = new Set<string>();
  const read = async (Offset: number): Promise<number> => {
    const { GroupList, TotalCount } = await core.request('groups', { Offset, Limit: PAGE, With: WITH });
    for (const row of GroupList) {
      listed.add(row.GroupId);
      takeGroup(core, row);
    }
    return TotalCount;
  };
  const offsets = [0];
  while (offsets.length * PAGE < count) offsets.push(offsets.length * PAGE);
  const total = Math.max(...(await Promise.all(offsets.map(read))));
  for (let next = offsets.length * PAGE; next < total; next += PAGE) await read(next);
  for (const { groupID } of before) {
    if (!listed.has(groupID) && !core.state.live.has(groupID)) forgetGroup(core, groupID);
  }
}

/** Takes a group that the account is in, as a list of the server has it. */
export function takeGroup(core: Core, row: Frame): void {
  const group = updateGroup(core.group(row.GroupId), row, core.me);
  group._joined = true;
  const conversation = core.conversation(groupConversation(row.GroupId));
  conversation._hidden = false;
  conversation.subType = group.type;
  conversation.isSupportTopic = group.isSupportTopic;
  conversation.messageRemindType = group.selfInfo.messageRemindType;
  if (row.UnreadMsgNum !== undefined) conversation.unreadCount = row.UnreadMsgNum;
  startAt(core, conversation, row.MsgSeq);
  if (row.LastMsg) core.setLast(conversation, toMessage(core, row.LastMsg));
  conversation.groupAtInfoList = (row.AtList ?? []).map((at: any) => ({
    from: at.From_Account ?? '',
    groupID: row.GroupId,
    messageSequence: at.MsgSeq ?? at,
    atTypeArray: [at.AtAll ? TYPES.CONV_AT_ALL : TYPES.CONV_AT_ME],
  }));
}

/** The list has counted messages up to this number. Those of a conversation that is open are still to come. */
function startAt(core: Core, conversation: Conversation, number: number | undefined): void {
  if (number === undefined) return;
  conversation._counted = number;
  const { conversationID } = conversation;
  const { histories, positions } = core.state;
  const history = histories.get(conversationID);
  if (!history) positions.set(conversationID, number);
  else if (!positions.has(conversationID)) positions.set(conversationID, history.lastNumber());
}

async function syncChats(core: Core): Promise<void> {
  for (let after = ''; ; ) {
    const { ChatList } = await core.request('chats', { Peer_Account: after, Limit: PAGE, With: ['Last'] });
    for (const row of ChatList) {
      const conversation = core.conversation(c2cConversation(row.Peer_Account));
      conversation._hidden = false;
      conversation.unreadCount = row.UnreadMsgNum;
      if (row.LastMsg) core.setLast(conversation, toMessage(core, row.LastMsg));
      else conversation.lastMessage.lastTime = Math.max(conversation.lastMessage.lastTime, row.MsgTime);
      startAt(core, conversation, row.MsgSeq);
    }
    if (ChatList.length < PAGE) return;
    after = ChatList[ChatList.length - 1].Peer_Account;
  }
}

/** Pins, marks and conversation groups. */
function takeMarks(core: Core, recent: Frame): void {
  for (const row of recent.SessionItem ?? []) {
    const conversation = core.state.conversations.get(contactId(row));
    if (!conversation) continue;
    conversation.isPinned = row.TopFlag === 1;
    conversation.markList = marksIn(row.StandardMark);
    conversation.customData = row.CustomMark ?? '';
  }
}

const contactId = (row: Frame): string =>
  row.Type === 1 ? c2cConversation(row.To_Account) : groupConversation(row.GroupId);

/** Reads the names of conversation groups, and the numbers that the server gives them. */
export async function loadFolders(core: Core): Promise<void> {
  const { folders } = core.state;
  folders.clear();
  for (let StartIndex = 0; ; ) {
    const answer = await core.request('get_contact_group', { StartIndex });
    for (const { GroupName, GroupId } of answer.GroupItem) folders.set(GroupName, GroupId);
    if (answer.CompleteFlag === 1) return;
    StartIndex = answer.NextStartIndex;
  }
}

async function nameFolders(core: Core, recent: Frame): Promise<void> {
  await loadFolders(core);
  const names = new Map([...core.state.folders].map(([name, id]) => [id, name]));
  for (const row of recent.SessionItem) {
    const conversation = core.state.conversations.get(contactId(row));
    const ids: number[] = row.ContactGroupId ?? [];
    if (conversation) conversation.conversationGroupList = ids.flatMap((id) => names.get(id) ?? []);
  }
}

/** Marks of a conversation, from bits written as digits, the last of which is the first mark. */
export function marksIn(bits: string | undefined): number[] {
  const digits = [...(bits ?? '')].reverse();
  return digits.flatMap((bit, index) => (bit === '1' ? [2 ** index] : []));
}

function nameTip(core: Core, payload: any): void {
  const of = (userID: string) => {
    const { nick = '', avatar = '' } = core.state.profiles.get(userID) ?? {};
    return { userID, nick, avatar };
  };
  payload.operatorInfo = of(payload.operatorID);
  for (const member of payload.memberList) {
    const { nick, avatar } = of(member.userID);
    member.nick ||= nick;
    member.avatar ||= avatar;
  }
}

/** Reads the profiles of accounts that are not known. */
export async function loadProfiles(core: Core, accounts: string[], again = false): Promise<void> {
  const wanted = accounts.filter((one) => one && (again || !core.state.known.has(one)));
  const pages: Promise<void>[] = [];
  for (let at = 0; at < wanted.length; at += PROFILES) {
    pages.push(loadPage(core, wanted.slice(at, at + PROFILES)));
  }
  await Promise.all(pages);
}

async function loadPage(core: Core, accounts: string[]): Promise<void> {
  const answer = await core.request('portrait_get', { To_Account: accounts, TagList: ALL_TAGS });
  for (const row of answer.UserProfileItem ?? []) {
    if (row.ResultCode !== 0) continue;
    core.state.known.add(row.To_Account);
    updateProfile(core.profile(row.To_Account), row.ProfileItem);
  }
}

/** A row of a history, or the last message of a conversation. */
export function toMessage(core: Core, frame: Frame): Message {
  const message =
    frame.Event === 'tip' ? fromTip(frame, core.me, (core.state.tips += 1)) : fromFrame(frame, core.me);
  if (frame.TopicId === undefined && frame.GroupId === undefined) message._seq = frame.MsgSeq;
  return named(core, message);
}

/** The accounts that a message shows without a nick. */
export const unnamedIn = (message: Message): string[] =>
  message.type === TYPES.MSG_GRP_TIP
    ? [message.payload.operatorID, ...message.payload.userIDList]
    : message.nick
      ? []
      : [message.from];

/** Gives a message the nicks and pictures of its sender and of those in a tip, where it came without. */
export function named(core: Core, message: Message): Message {
  if (message.type === TYPES.MSG_GRP_TIP) nameTip(core, message.payload);
  const profile = core.state.profiles.get(message.from);
  if (profile) {
    // What comes with a message is newer.
    profile.nick = message.nick ||= profile.nick;
    profile.avatar = message.avatar ||= profile.avatar;
  } else if (message.nick || message.avatar) {
    Object.assign(core.profile(message.from), { nick: message.nick, avatar: message.avatar });
  }
  return message;
}
