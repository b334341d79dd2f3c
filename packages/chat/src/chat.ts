import { Core, type ChatOptions } from './core.js';
import { ChatError, CODE } from './error.js';
import { attributeMethods } from './methods/attributes.js';
import { conversationMethods } from './methods/conversations.js';
import { createMethods } from './methods/create.js';
import { extensionMethods } from './methods/extensions.js';
import { folderMethods } from './methods/folders.js';
import { followMethods } from './methods/follows.js';
import { friendMethods } from './methods/friends.js';
import { groupMethods } from './methods/groups.js';
import { historyMethods } from './methods/history.js';
import { lifeMethods } from './methods/life.js';
import { memberMethods } from './methods/members.js';
import { profileMethods } from './methods/profiles.js';
import { receiptMethods } from './methods/receipts.js';
import { sendMethods } from './methods/send.js';
import { signalingMethods } from './methods/signaling.js';
import { topicMethods } from './methods/topics.js';
import { unavailableMethods } from './methods/unavailable.js';

/** Methods for which it is enough to be logged in. */
const BEFORE_READY = new Set(['getConversationList', 'getGroupList', 'getTotalUnreadMessageCount', 'getSignalingInfo']);
const ALWAYS = new Set(['addSignalingListener', 'removeSignalingListener', 'getSignalingInfo', 'findMessage']);

/** Lets methods reject until the account is logged in and its lists are read. */
function guarded<T extends Record<string, any>>(core: Core, methods: T): T {
  const entries = Object.entries(methods).map(([name, method]) => {
    if (ALWAYS.has(name)) return [name, method];
    const guard = (...given: unknown[]) => {
      if (!core.session) return Promise.reject(new ChatError(CODE.NOT_LOGGED_IN, `${name}: log in first`));
      if (!core.state.ready && !BEFORE_READY.has(name)) {
        return Promise.reject(new ChatError(CODE.NOT_READY, `${name}: wait for SDK_READY`));
      }
      return method(...given);
    };
    return [name, guard];
  });
  return Object.fromEntries(entries) as T;
}

const methodsOf = (core: Core) => {
  const sending = { ...createMethods(core), ...sendMethods(core) };
  return {
    ...lifeMethods(core),
    ...guarded(core, {
      ...sending,
      ...historyMethods(core),
      ...receiptMethods(core),
      ...extensionMethods(core),
      ...conversationMethods(core),
      ...folderMethods(core),
      ...groupMethods(core),
      ...memberMethods(core),
      ...attributeMethods(core),
      ...topicMethods(core),
      ...profileMethods(core),
      ...friendMethods(core),
      ...followMethods(core),
      ...signalingMethods(core, sending),
      ...unavailableMethods(),
    }),
  };
};

/** A client of one app. */
export type Chat = ReturnType<typeof methodsOf>;

/** Instances by app. Several copies of this module share them. */
const instances: Map<number, Chat> = ((globalThis as any).__landfallChat ??= new Map());

/** The client of an app: the same one whenever it is asked for. */
export function create(options: ChatOptions): Chat {
  const id = Number(options?.SDKAppID);
  const known = instances.get(id);
  if (known) return known;
  const core = new Core({ ...options, SDKAppID: id });
  const chat = methodsOf(core);
  core.emitter.on('destroyed', () => instances.delete(id));
  instances.set(id, chat);
  return chat;
}
