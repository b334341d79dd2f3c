import { SIGNALING, TYPES } from '../constants.js';
import type { Core } from '../core.js';
import { ok, type Result } from '../error.js';
import type { Message } from '../models.js';
import type { createMethods } from './create.js';
import type { sendMethods } from './send.js';

/** What a signal carries in a custom message. */
interface Signal {
  inviteID: string;
  groupID: string;
  inviter: string;
  inviteeList: string[];
  data: string;
  actionType: number;
  timeout: number;
}

const BUSINESS_ID = 'signaling';

/** A signal in a message; null where it has none. */
export function signalIn(message: Message | undefined): Signal | null {
  if (message?.type !== TYPES.MSG_CUSTOM || !message.payload?.data) return null;
  try {
    const found = JSON.parse(message.payload.data);
    return found?.businessID === BUSINESS_ID && found.inviteID ? found : null;
  } catch {
    return null;
  }
}

const EVENTS: Record<number, string> = {
  [SIGNALING.ACTION_TYPE_INVITE]: SIGNALING.NEW_INVITATION_RECEIVED,
  [SIGNALING.ACTION_TYPE_CANCEL_INVITE]: SIGNALING.INVITATION_CANCELLED,
  [SIGNALING.ACTION_TYPE_ACCEPT_INVITE]: SIGNALING.INVITEE_ACCEPTED,
  [SIGNALING.ACTION_TYPE_REJECT_INVITE]: SIGNALING.INVITEE_REJECTED,
  [SIGNALING.ACTION_TYPE_INVITE_TIMEOUT]: SIGNALING.INVITATION_TIMEOUT,
};

type Sending = ReturnType<typeof createMethods> & ReturnType<typeof sendMethods>;

/** Invitations, carried by custom messages, with a time after which they end. */
export const signalingMethods = (core: Core, { createCustomMessage, sendMessage }: Sending) => {
  const open = new Map<string, { signal: Signal; timer?: ReturnType<typeof setTimeout> }>();

  const forget = (inviteID: string): void => {
    clearTimeout(open.get(inviteID)?.timer);
    open.delete(inviteID);
  };
  const remember = (signal: Signal): void => {
    clearTimeout(open.get(signal.inviteID)?.timer);
    const timer =
      0 < signal.timeout
        ? setTimeout(() => {
            forget(signal.inviteID);
            core.emit(SIGNALING.INVITATION_TIMEOUT, signal);
          }, signal.timeout * 1000)
        : undefined;
    open.set(signal.inviteID, { signal, timer });
  };
  const send = async (signal: Signal, options: any = {}): Promise<Message> => {
    const isGroup = Boolean(signal.groupID);
    const peer = signal.inviter === core.me ? signal.inviteeList[0] : signal.inviter;
    const message = createCustomMessage({
      to: isGroup ? signal.groupID : peer,
      conversationType: isGroup ? TYPES.CONV_GROUP : TYPES.CONV_C2C,
      payload: { data: JSON.stringify({ businessID: BUSINESS_ID, ...signal }) },
    });
    await sendMessage(message, { onlineUserOnly: Boolean(options.onlineUserOnly) });
    return message;
  };
  const invite = async (options: any, groupID: string, inviteeList: string[]): Promise<Result> => {
    const signal: Signal = {
      inviteID: `${core.me}-${Date.now()}-${Math.floor(Math.random() * 1e9)}`,
      groupID,
      inviter: core.me,
      inviteeList,
      data: options.data ?? '',
      actionType: SIGNALING.ACTION_TYPE_INVITE,
      timeout: options.timeout ?? 0,
    };
    const message = await send(signal, options);
    remember(signal);
    return ok({ inviteID: signal.inviteID, message });
  };
  const answer = async ({ inviteID, data = '' }: any, actionType: number): Promise<Result> => {
    const known = open.get(inviteID)?.signal;
    if (!known) return ok({ inviteID });
    const inviteeList = actionType === SIGNALING.ACTION_TYPE_CANCEL_INVITE ? known.inviteeList : [core.me];
    const message = await send({ ...known, data, actionType, inviteeList });
    if (actionType === SIGNALING.ACTION_TYPE_CANCEL_INVITE || !known.groupID) forget(inviteID);
    return ok({ inviteID, message });
  };
  const sync = (promise: Promise<Result>, done?: Function, failed?: Function): void => {
    promise.then((result) => done?.(result), (error) => failed?.(error));
  };

  core.emitter.on('signals', ({ data: message }) => {
    const signal = signalIn(message);
    if (!signal) return;
    const isInvitation = signal.actionType === SIGNALING.ACTION_TYPE_INVITE;
    const isKnown = open.has(signal.inviteID);
    if (isInvitation) {
      if (!signal.inviteeList.includes(core.me)) return;
      remember(signal);
    } else if (!signal.groupID || signal.actionType === SIGNALING.ACTION_TYPE_CANCEL_INVITE) {
      forget(signal.inviteID);
    }
    const event = isInvitation && isKnown ? SIGNALING.INVITATION_MODIFIED : EVENTS[signal.actionType];
    if (event) core.emit(event, signal);
  });

  return {
    addSignalingListener: (name: string, handler: any, context?: unknown): void =>
      core.emitter.on(name, handler, context),
    removeSignalingListener: (name: string, handler: any, context?: unknown): void =>
      core.emitter.off(name, handler, context),
    invite: (options: any): Promise<Result> => invite(options, '', [options.userID]),
    inviteInGroup: (options: any): Promise<Result> => invite(options, options.groupID, options.inviteeList ?? []),
    inviteSync: (options: any, done?: Function, failed?: Function): void =>
      sync(invite(options, '', [options.userID]), done, failed),
    inviteInGroupSync: (options: any, done?: Function, failed?: Function): void =>
      sync(invite(options, options.groupID, options.inviteeList ?? []), done, failed),
    cancel: (options: any): Promise<Result> => answer(options, SIGNALING.ACTION_TYPE_CANCEL_INVITE),
    accept: (options: any): Promise<Result> => answer(options, SIGNALING.ACTION_TYPE_ACCEPT_INVITE),
    reject: (options: any): Promise<Result> => answer(options, SIGNALING.ACTION_TYPE_REJECT_INVITE),
    getSignalingInfo: (message: Message): any => signalIn(message),
    async modifyInvitation({ inviteID, data }: any): Promise<Result> {
      const known = open.get(inviteID);
      if (known) {
        known.signal = { ...known.signal, data };
        await send(known.signal);
      }
      return ok({ inviteID });
    },
  };
};
