import { TYPES } from '../constants.js';
import type { Core } from '../core.js';
import { ChatError, CODE } from '../error.js';
import type { Message } from '../models.js';
import { upload, type Sending } from '../wire/upload.js';
import { lookAt, sizeOf } from './look.js';
import { audioPayload, filePayload, imagePayload, IMAGE_TYPES, videoPayload, type Chosen } from './payload.js';

/** The file of a message that is not sent yet. */
export interface Media {
  chosen: Chosen;
  sending: Sending;
  onProgress?: (part: number) => void;
}

/** How long a message waits for a connection once its file is there, milliseconds. */
const CONNECTED_MAX = 15_000;

/** The name of each limit in the server's `ready` frame, and the code of a file that is larger. */
const LIMITS: Record<string, [name: string, code: number]> = {
  [TYPES.MSG_IMAGE]: ['ImageBytes', CODE.IMAGE_SIZE],
  [TYPES.MSG_AUDIO]: ['AudioBytes', CODE.AUDIO_SIZE],
  [TYPES.MSG_VIDEO]: ['VideoBytes', CODE.VIDEO_SIZE],
  [TYPES.MSG_FILE]: ['FileBytes', CODE.FILE_SIZE],
};

export const mediaOf = (type: string, chosen: Chosen, onProgress?: (part: number) => void): Media => ({
  chosen,
  sending: { file: chosen.file, name: chosen.name, type: chosen.type, element: type },
  onProgress,
});

function check(core: Core, message: Message, { chosen }: Media): void {
  const { size } = chosen.file;
  if (size === 0) throw new ChatError(CODE.FILE_EMPTY, 'the file is empty');
  if (message.type === TYPES.MSG_IMAGE && !IMAGE_TYPES.includes(chosen.type)) {
    throw new ChatError(CODE.IMAGE_TYPE, `an image is ${IMAGE_TYPES.join(', ')}; this is ${chosen.type}`);
  }
  const [name, code] = LIMITS[message.type]!;
  const max: number | undefined = core.state.limits[name];
  if (max === undefined) throw new ChatError(CODE.UPLOAD_NOT_AVAILABLE, 'the server takes no files');
  if (max < size) throw new ChatError(code, `the file has ${size} bytes; at most ${max} are allowed`);
}

/** Sends the file of a message, if it has one that is not sent. Afterwards the message refers to it. */
export async function sendMedia(core: Core, message: Message): Promise<void> {
  const media: Media | undefined = message._media;
  if (!media) return;
  check(core, message, media);
  const { chosen, sending } = media;
  const progress = (part: number): void => {
    try {
      media.onProgress?.(part);
    } catch (error) {
      // The file goes on, whatever the app makes of it.
      console.error(error);
    }
  };
  const { uuid, url, width, height } = await upload(core, sending, progress);
  switch (message.type) {
    case TYPES.MSG_IMAGE: {
      const size = width === 0 ? await sizeOf(chosen.file) : { width, height };
      message.payload = imagePayload(chosen, uuid, url, size.width, size.height);
      break;
    }
    case TYPES.MSG_AUDIO:
      message.payload = audioPayload(chosen, uuid, url, message.payload.second || (await lookAt(chosen.file, 'audio')).second);
      break;
    case TYPES.MSG_VIDEO:
      message.payload = await videoOf(core, chosen, uuid, url);
      break;
    default:
      message.payload = filePayload(chosen, uuid, url);
  }
  message._media = undefined;
  // What cut the file off may have cut this off too.
  await core.session?.connected(CONNECTED_MAX);
}

/** A film, with a frame of it where the browser has one. */
async function videoOf(core: Core, chosen: Chosen, uuid: string, url: string): Promise<any> {
  const looked = await lookAt(chosen.file, 'video');
  const payload = videoPayload(chosen, uuid, url, looked);
  if (!looked.frame) return payload;
  const frame = { file: looked.frame, name: 'frame.jpg', type: 'image/jpeg', element: TYPES.MSG_IMAGE };
  const sent = await upload(core, frame, () => {});
  return { ...payload, snapshotUrl: sent.url, thumbUrl: sent.url, thumbUUID: sent.uuid };
}
