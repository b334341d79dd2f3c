import { TYPES, type LastMessage, type Message } from '../src/index.js';
import { app, nameOf } from './app.js';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const shortWithYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const long = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const longWithYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });

const DAY = 86_400_000;

const midnight = (moment: Date): number => new Date(moment).setHours(0, 0, 0, 0);
/** Days since a moment, by the calendar. */
const daysSince = (moment: Date): number => Math.round((midnight(new Date()) - midnight(moment)) / DAY);
const isThisYear = (moment: Date): boolean => moment.getFullYear() === new Date().getFullYear();

export const timeOf = (seconds: number): string => clock.format(seconds * 1000);
export const dayKey = (seconds: number): number => midnight(new Date(seconds * 1000));

/** The heading of a day in a history. */
export function dayInWords(seconds: number): string {
  const moment = new Date(seconds * 1000);
  const days = daysSince(moment);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return (isThisYear(moment) ? long : longWithYear).format(moment);
}

/** When the last message of a conversation came, as short as it can be said. */
export function lately(seconds: number): string {
  if (!seconds) return '';
  const moment = new Date(seconds * 1000);
  const days = daysSince(moment);
  if (days <= 0) return clock.format(moment);
  if (days === 1) return 'Yesterday';
  if (days < 7) return weekday.format(moment);
  return (isThisYear(moment) ? short : shortWithYear).format(moment);
}

const subject = (userID: string): string => (userID === app.me ? 'You' : nameOf(userID));
const object = (userID: string): string => (userID === app.me ? 'you' : nameOf(userID));

function objects(users: string[]): string {
  const names = users.slice(0, 3).map(object);
  if (3 < users.length) names.push(`${users.length - 3} more`);
  const last = names.pop() ?? '';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}

function lasting(seconds: number): string {
  const [count, unit] =
    seconds < 120 ? [seconds, 'second'] : seconds < 7200 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  const rounded = Math.round(count);
  return `${rounded} ${unit}${rounded === 1 ? '' : 's'}`;
}

const CHANGES: Record<string, (value: string) => string> = {
  groupName: (value) => `named the group “${value}”`,
  TopicName: (value) => `named the topic “${value}”`,
  introduction: (value) => (value ? `described the group: “${value}”` : 'removed the description of the group'),
  notification: (value) => (value ? `put up a notice: “${value}”` : 'took the notice down'),
  avatar: () => 'changed the picture of the group',
  faceUrl: () => '',
  ownerID: (value) => `made ${object(value)} the owner`,
};

function changed(profile: Record<string, string>): string {
  const parts = Object.entries(profile).map(([name, value]) => (CHANGES[name] ?? (() => `changed ${name}`))(value));
  return parts.filter(Boolean).join(', ') || 'changed the group';
}

function memberChanged({ memberList, userIDList, newGroupProfile }: any): string {
  const muted: number | undefined = memberList[0]?.muteTime;
  if (muted === 0) return `let ${objects(userIDList)} speak again`;
  if (muted !== undefined) return `muted ${objects(userIDList)} for ${lasting(muted)}`;
  const card = newGroupProfile?.NameCard;
  return card ? `named ${objects(userIDList)} “${card}” in this group` : `changed ${objects(userIDList)}`;
}

/** A tip of a group as a sentence. */
export function tipInWords(payload: any): string {
  const users: string[] = payload.userIDList ?? [];
  const operator = subject(payload.operatorID);
  const byThemselves = users.length === 1 && users[0] === payload.operatorID;
  const are = 1 < users.length || users[0] === app.me ? 'are' : 'is';
  switch (payload.operationType) {
    case TYPES.GRP_TIP_MBR_JOIN:
      return byThemselves || users.length === 0 ? `${operator} joined` : `${operator} added ${objects(users)}`;
    case TYPES.GRP_TIP_MBR_QUIT:
      return `${users.length === 0 ? operator : users.map(subject).join(', ')} left`;
    case TYPES.GRP_TIP_MBR_KICKED_OUT:
      return `${operator} removed ${objects(users)}`;
    case TYPES.GRP_TIP_MBR_SET_ADMIN:
      return `${users.map(subject).join(', ')} ${are} an administrator now`;
    case TYPES.GRP_TIP_MBR_CANCELED_ADMIN:
      return `${users.map(subject).join(', ')} ${are} no administrator now`;
    case TYPES.GRP_TIP_GRP_PROFILE_UPDATED:
      return `${operator} ${changed(payload.newGroupProfile ?? {})}`;
    case TYPES.GRP_TIP_MBR_PROFILE_UPDATED:
      return `${operator} ${memberChanged(payload)}`;
    default:
      return `${operator} changed the group`;
  }
}

const NOTICES: Record<number, (by: string, group: string, text: string) => string> = {
  1: (by, group, text) => `${by} asks to join ${group}${text ? `: “${text}”` : ''}`,
  2: (_, group) => `You are a member of ${group} now`,
  3: (_, group, text) => `${group} did not let you in${text ? `: “${text}”` : ''}`,
  4: (by, group) => `${by} removed you from ${group}`,
  5: (_, group) => `${group} was dissolved`,
  7: (by, group) => `${by} added you to ${group}`,
  9: (_, group) => `You are an administrator of ${group} now`,
  10: (_, group) => `You are no administrator of ${group} now`,
  22: (_, group) => `You are banned from ${group}`,
  23: (_, group) => `You may join ${group} again`,
  24: (by, group) => `${by} wants to add somebody to ${group}`,
  255: (_, group, text) => `${group}: ${text}`,
};

/** A notice to this account as a sentence; empty for one that needs no words. */
export function noticeInWords({ payload }: Message): string {
  const { operatorID, operationType, groupProfile, handleMessage, muteTime } = payload;
  if (operatorID === app.me) return '';
  const group = groupProfile?.name || groupProfile?.groupID || 'The app';
  if (operationType === 17) return muteTime ? `You are muted in ${group} for ${lasting(muteTime)}` : `You may speak in ${group} again`;
  return NOTICES[operationType]?.(nameOf(operatorID), group, handleMessage) ?? '';
}

const size = (bytes: number): string =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`;

const KINDS: Record<string, (payload: any) => string> = {
  [TYPES.MSG_TEXT]: ({ text }) => text,
  [TYPES.MSG_IMAGE]: () => 'Image',
  [TYPES.MSG_AUDIO]: ({ second }) => `Audio, ${second} s`,
  [TYPES.MSG_VIDEO]: ({ videoSecond }) => `Video, ${videoSecond} s`,
  [TYPES.MSG_FILE]: ({ fileName, fileSize }) => `${fileName}, ${size(fileSize)}`,
  [TYPES.MSG_FACE]: () => 'Sticker',
  [TYPES.MSG_LOCATION]: ({ description }) => description || 'Location',
  [TYPES.MSG_CUSTOM]: ({ description, data }) => description || data || 'Custom message',
  [TYPES.MSG_MERGER]: ({ title, abstractList }) => [title, ...abstractList].join('\n'),
};

export const KIND_NAMES: Record<string, string> = {
  [TYPES.MSG_IMAGE]: 'Image',
  [TYPES.MSG_AUDIO]: 'Audio',
  [TYPES.MSG_VIDEO]: 'Video',
  [TYPES.MSG_FILE]: 'File',
  [TYPES.MSG_FACE]: 'Sticker',
  [TYPES.MSG_LOCATION]: 'Place',
  [TYPES.MSG_CUSTOM]: 'Custom message',
  [TYPES.MSG_MERGER]: 'Forwarded messages',
};

/** What an element says. */
export const elementInWords = (type: string, payload: any): string => KINDS[type]?.(payload) ?? type;

/** The address that an element names, where it is one of the web. */
export function addressIn(type: string, payload: any): string | undefined {
  const given = {
    [TYPES.MSG_IMAGE]: payload.imageInfoArray?.[0]?.url,
    [TYPES.MSG_AUDIO]: payload.url,
    [TYPES.MSG_VIDEO]: payload.videoUrl,
    [TYPES.MSG_FILE]: payload.fileUrl,
  }[type];
  return /^https?:\/\//.test(given ?? '') ? given : undefined;
}

/** One line for the list of conversations. */
export function preview(last: LastMessage, isGroup: boolean): string {
  if (!last.type) return '';
  if (last.type === TYPES.MSG_GRP_TIP) return tipInWords(last.payload);
  const from = last.fromAccount;
  const speaker = from === app.me ? 'You' : last.nameCard || last.nick || nameOf(from);
  if (last.isRevoked) return `${speaker} recalled a message`;
  const said = elementInWords(last.type, last.payload).replaceAll(/\s+/g, ' ');
  return isGroup || from === app.me ? `${speaker}: ${said}` : said;
}
