import { TYPES } from '../constants.js';
import { unsent } from '../convert/message.js';
import type { Core } from '../core.js';
import { CODE, refuse } from '../error.js';
import { chosen, localPayload } from '../media/payload.js';
import { mediaOf } from '../media/send.js';
import type { Message } from '../models.js';

/** Creating messages. Nothing is sent yet. */
export const createMethods = (core: Core) => {
  const create = (options: any, type: string, payload: any = options?.payload): Message => {
    if (!options?.to || !payload) refuse(CODE.EMPTY_OPTIONS, 'to and payload are missing');
    if (options.conversationType !== TYPES.CONV_C2C && options.conversationType !== TYPES.CONV_GROUP) {
      refuse(CODE.CONVERSATION_TYPE, 'conversationType must be C2C or GROUP');
    }
    return unsent({ ...options, payload }, type, core.me, core.profile(core.me));
  };
  /** A message with a file, which is sent with it. */
  const withFile = (options: any, type: string): Message => {
    const file = chosen(options?.payload?.file);
    if (!file) {
      const code = type === TYPES.MSG_IMAGE ? CODE.NO_IMAGE : CODE.NO_FILE;
      return refuse(code, 'payload.file must be a file, or an input element with one');
    }
    const payload = localPayload(type, file);
    const { second, duration } = options.payload.file;
    if (type === TYPES.MSG_AUDIO) payload.second = Number(second ?? duration) || 0;
    const message = create(options, type, payload);
    message._media = mediaOf(type, file, options.onProgress);
    return message;
  };
  return {
    createTextMessage: (options: any): Message => create(options, TYPES.MSG_TEXT),

    createTextAtMessage(options: any): Message {
      if (options?.conversationType === TYPES.CONV_C2C) {
        refuse(CODE.CONVERSATION_TYPE, 'only messages to groups can name members');
      }
      return create(options, TYPES.MSG_TEXT);
    },

    createCustomMessage(options: any): Message {
      const { data = '', description = '', extension = '' } = options?.payload ?? {};
      return create(options, TYPES.MSG_CUSTOM, { data, description, extension });
    },

    createImageMessage: (options: any): Message => withFile(options, TYPES.MSG_IMAGE),
    createAudioMessage: (options: any): Message => withFile(options, TYPES.MSG_AUDIO),
    createVideoMessage: (options: any): Message => withFile(options, TYPES.MSG_VIDEO),
    createFileMessage: (options: any): Message => withFile(options, TYPES.MSG_FILE),

    createFaceMessage: (options: any): Message => create(options, TYPES.MSG_FACE),
    createLocationMessage: (options: any): Message => create(options, TYPES.MSG_LOCATION),

    createMergerMessage(options: any): Message {
      const list: Message[] = options?.payload?.messageList ?? [];
      if (list.length === 0 || list.some((message) => message.status !== 'success')) {
        refuse(CODE.MERGER_ILLEGAL, 'messageList must have messages, all of which were sent');
      }
      const { title = '', abstractList = [], compatibleText = '' } = options.payload;
      return create(options, TYPES.MSG_MERGER, {
        title,
        abstractList,
        compatibleText,
        downloadKey: '',
        messageList: list.map((message) => ({
          ID: message.ID,
          from: message.from,
          nick: message.nick,
          avatar: message.avatar,
          time: message.time,
          random: message.random,
          sequence: message.sequence,
          cloudCustomData: message.cloudCustomData,
          messageBody: [{ type: message.type, payload: message.payload }],
        })),
      });
    },

    createForwardMessage(options: any): Message {
      const given: Message | undefined = options?.payload;
      if (!given?.type) refuse(CODE.NOT_A_MESSAGE, 'payload must be the message to forward');
      const message = create(options, given!.type, given!.payload);
      if (given!._elements) message._elements = given!._elements;
      return message;
    },
  };
};
