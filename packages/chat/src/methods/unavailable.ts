import { CODE, ChatError, type Result } from '../error.js';

/** Methods that the server has nothing for. Each rejects with 3122. */
export const UNAVAILABLE = [
  'translateText',
  'convertVoiceToText',
  'searchCloudMessages',
  'searchCloudGroups',
  'searchCloudUsers',
  'searchCloudGroupMembers',
  'addMessageReaction',
  'removeMessageReaction',
  'getMessageReactions',
  'getAllUserListOfMessageReaction',
  'pinGroupMessage',
  'getPinnedGroupMessageList',
  'setAllReceiveMessageOpt',
  'getAllReceiveMessageOpt',
  'markGroupMemberList',
  'setSelfStatus',
  'subscribeUserStatus',
  'unsubscribeUserStatus',
  'acceptFriendApplication',
  'refuseFriendApplication',
  'deleteFriendApplication',
  'setFriendApplicationRead',
] as const;

type Unavailable = Record<(typeof UNAVAILABLE)[number], (...given: any[]) => any>;

export const unavailableMethods = (): Unavailable => {
  const reject = (name: string) => (): Promise<Result> =>
    Promise.reject(new ChatError(CODE.NOT_AVAILABLE, `${name} is not available with this server`));
  return Object.fromEntries(UNAVAILABLE.map((name) => [name, reject(name)])) as Unavailable;
};
