import { TYPES } from '../constants.js';
import { IMAGE_SIZES } from '../convert/elements.js';
import type { Looked } from './look.js';

/** A file that the user has chosen. */
export interface Chosen {
  file: Blob;
  name: string;
  type: string;
}

/** Types by the ends of names, for files of which the browser does not say any. */
const TYPES_OF_NAMES: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  bmp: 'image/bmp',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  aac: 'audio/aac',
  ogg: 'audio/ogg',
  wav: 'audio/wav',
  mp4: 'video/mp4',
  webm: 'video/webm',
  mov: 'video/quicktime',
};

/** Numbers of the formats of images. */
const IMAGE_FORMATS: Record<string, number> = { 'image/jpeg': 1, 'image/gif': 2, 'image/png': 3, 'image/bmp': 4 };

/** Images that every browser shows. */
export const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/bmp'];

const isBlob = (value: any): value is Blob => typeof Blob !== 'undefined' && value instanceof Blob;

/** What is in `payload.file`: a file, an input element with one, or an object with either. */
export function chosen(given: any): Chosen | undefined {
  const candidates = [given, given?.files?.[0], given?.target?.files?.[0], given?.file, given?.tempFile];
  const file = candidates.find(isBlob);
  if (!file) return undefined;
  const name: string = (file as any).name || given.name || 'file';
  const end = name.split('.').pop()!.toLowerCase();
  // Without parameters, such as the codecs of a recording.
  const said = file.type.split(';')[0]!.trim().toLowerCase();
  return { file, name, type: said || TYPES_OF_NAMES[end] || 'application/octet-stream' };
}

/** The three sizes of an image: there is one file, which all of them show. */
export const imagePayload = ({ file, type }: Chosen, uuid: string, url: string, width: number, height: number) => ({
  uuid,
  imageFormat: IMAGE_FORMATS[type] ?? 255,
  imageInfoArray: IMAGE_SIZES.map((sizeType, index) => ({
    type: index,
    sizeType,
    size: file.size,
    width,
    height,
    imageUrl: url,
    url,
  })),
});

export const audioPayload = ({ file }: Chosen, uuid: string, url: string, second: number) => ({
  uuid,
  url,
  remoteAudioUrl: url,
  size: file.size,
  second,
});

export const filePayload = ({ file, name }: Chosen, uuid: string, url: string) => ({
  uuid,
  fileName: name,
  fileUrl: url,
  fileSize: file.size,
});

export const videoPayload = ({ file, name, type }: Chosen, uuid: string, url: string, looked: Looked) => ({
  videoUrl: url,
  remoteVideoUrl: url,
  videoUUID: uuid,
  videoSize: file.size,
  videoSecond: looked.second,
  videoFormat: name.includes('.') ? name.split('.').pop()!.toLowerCase() : type.split('/')[1]!,
  snapshotUrl: '',
  thumbUrl: '',
  thumbUUID: '',
  snapshotSize: looked.frame?.size ?? 0,
  snapshotWidth: looked.width,
  snapshotHeight: looked.height,
});

/** What apps see until the file is sent: on the same page, the file itself. */
export function localPayload(type: string, of: Chosen): any {
  const url = typeof document === 'undefined' ? '' : URL.createObjectURL(of.file);
  switch (type) {
    case TYPES.MSG_IMAGE:
      return imagePayload(of, '', url, 0, 0);
    case TYPES.MSG_AUDIO:
      return audioPayload(of, '', url, 0);
    case TYPES.MSG_VIDEO:
      return videoPayload(of, '', url, { second: 0, width: 0, height: 0 });
    default:
      return filePayload(of, '', url);
  }
}
