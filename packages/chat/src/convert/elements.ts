import { TYPES } from '../constants.js';

type Json = Record<string, any>;

const num = (value: unknown): number => Number(value) || 0;

/** Numbers of the sizes of an image. */
export const IMAGE_SIZES = [1, 3, 2]; // original, large, thumbnail, as the list of an image has them

const image = (content: Json): Json => {
  const given: Json[] = content.ImageInfoArray ?? [];
  const infos = IMAGE_SIZES.map((type, index) => {
    const info = given.find((one) => one.Type === type) ?? given[0] ?? {};
    const url = info.URL ?? info.Url ?? '';
    return {
      type: index,
      sizeType: type,
      size: num(info.Size),
      width: num(info.Width),
      height: num(info.Height),
      imageUrl: url,
      url,
    };
  });
  return { uuid: content.UUID ?? '', imageFormat: content.ImageFormat ?? 255, imageInfoArray: infos };
};

const imageOut = (payload: Json): Json => ({
  UUID: payload.uuid ?? '',
  ImageFormat: payload.imageFormat ?? 255,
  ImageInfoArray: (payload.imageInfoArray ?? []).map((info: Json, index: number) => ({
    Type: info.sizeType ?? IMAGE_SIZES[index] ?? 1,
    Size: num(info.size),
    Width: num(info.width),
    Height: num(info.height),
    URL: info.url ?? info.imageUrl ?? '',
  })),
});

const merger = (content: Json): Json => ({
  title: content.Title ?? '',
  abstractList: content.AbstractList ?? [],
  compatibleText: content.CompatibleText ?? '',
  downloadKey: content.JsonMsgKey ?? '',
  messageList: (content.MsgList ?? []).map((message: Json) => ({
    ID: `${message.From_Account}-${message.MsgTimeStamp}-${message.MsgRandom}`,
    from: message.From_Account ?? '',
    nick: message.Nick ?? '',
    avatar: message.FaceUrl ?? '',
    time: num(message.MsgTimeStamp),
    cloudCustomData: message.CloudCustomData ?? '',
    messageBody: (message.MsgBody ?? []).map((element: Json) => ({
      type: element.MsgType,
      payload: payloadOf(element),
    })),
  })),
});

const mergerOut = (payload: Json): Json => ({
  Title: payload.title ?? '',
  MsgNum: (payload.messageList ?? []).length,
  AbstractList: payload.abstractList ?? [],
  CompatibleText: payload.compatibleText ?? '',
  MsgList: (payload.messageList ?? []).map((message: Json) => ({
    From_Account: message.from,
    Nick: message.nick ?? '',
    FaceUrl: message.avatar ?? '',
    MsgTimeStamp: num(message.time),
    MsgRandom: num(message.random),
    MsgSeq: num(message.sequence),
    CloudCustomData: message.cloudCustomData ?? '',
    MsgBody: message.messageBody
      ? message.messageBody.map((one: Json) => elementOf(one.type, one.payload))
      : [elementOf(message.type, message.payload)],
  })),
});

/** What an app sees of an element. */
export function payloadOf(element: Json | undefined): any {
  const content: Json = element?.MsgContent ?? {};
  switch (element?.MsgType) {
    case TYPES.MSG_TEXT:
      return { text: content.Text ?? '' };
    case TYPES.MSG_CUSTOM:
      return { data: content.Data ?? '', description: content.Desc ?? '', extension: content.Ext ?? '' };
    case TYPES.MSG_FACE:
      return { index: num(content.Index), data: content.Data ?? '' };
    case TYPES.MSG_LOCATION:
      return { description: content.Desc ?? '', longitude: num(content.Longitude), latitude: num(content.Latitude) };
    case TYPES.MSG_IMAGE:
      return image(content);
    case TYPES.MSG_AUDIO:
      return { uuid: content.UUID ?? '', url: content.Url ?? '', size: num(content.Size), second: num(content.Second) };
    case TYPES.MSG_FILE:
      return {
        uuid: content.UUID ?? '',
        fileName: content.FileName ?? '',
        fileUrl: content.Url ?? '',
        fileSize: num(content.FileSize),
      };
    case TYPES.MSG_VIDEO:
      return {
        videoUrl: content.VideoUrl ?? '',
        remoteVideoUrl: content.VideoUrl ?? '',
        videoUUID: content.VideoUUID ?? '',
        videoSize: num(content.VideoSize),
        videoSecond: num(content.VideoSecond),
        videoFormat: content.VideoFormat ?? '',
        snapshotUrl: content.ThumbUrl ?? '',
        thumbUrl: content.ThumbUrl ?? '',
        thumbUUID: content.ThumbUUID ?? '',
        snapshotSize: num(content.ThumbSize),
        snapshotWidth: num(content.ThumbWidth),
        snapshotHeight: num(content.ThumbHeight),
      };
    case TYPES.MSG_MERGER:
      return merger(content);
    default:
      return content;
  }
}

/** The element that carries what an app gave. */
export function elementOf(type: string, payload: any = {}): Json {
  const of = (MsgContent: Json) => ({ MsgType: type, MsgContent });
  switch (type) {
    case TYPES.MSG_TEXT:
      return of({ Text: String(payload.text ?? '') });
    case TYPES.MSG_CUSTOM:
      return of({ Data: payload.data ?? '', Desc: payload.description ?? '', Ext: payload.extension ?? '' });
    case TYPES.MSG_FACE:
      return of({ Index: num(payload.index), Data: payload.data ?? '' });
    case TYPES.MSG_LOCATION:
      return of({
        Desc: payload.description ?? '',
        Longitude: num(payload.longitude),
        Latitude: num(payload.latitude),
      });
    case TYPES.MSG_IMAGE:
      return of(imageOut(payload));
    case TYPES.MSG_AUDIO:
      return of({
        UUID: payload.uuid ?? '',
        Url: payload.url ?? '',
        Size: num(payload.size),
        Second: num(payload.second),
        Download_Flag: 2,
      });
    case TYPES.MSG_FILE:
      return of({
        UUID: payload.uuid ?? '',
        Url: payload.fileUrl ?? '',
        FileName: payload.fileName ?? '',
        FileSize: num(payload.fileSize),
        Download_Flag: 2,
      });
    case TYPES.MSG_VIDEO:
      return of({
        VideoUrl: payload.videoUrl ?? '',
        VideoUUID: payload.videoUUID ?? '',
        VideoSize: num(payload.videoSize),
        VideoSecond: num(payload.videoSecond),
        VideoFormat: payload.videoFormat ?? '',
        VideoDownloadFlag: 2,
        ThumbUrl: payload.snapshotUrl ?? '',
        ThumbUUID: payload.thumbUUID ?? '',
        ThumbSize: num(payload.snapshotSize),
        ThumbWidth: num(payload.snapshotWidth),
        ThumbHeight: num(payload.snapshotHeight),
        ThumbFormat: 'JPG',
        ThumbDownloadFlag: 2,
      });
    case TYPES.MSG_MERGER:
      return of(mergerOut(payload));
    default:
      return of(payload);
  }
}

const SHOWN: Record<string, string> = {
  [TYPES.MSG_IMAGE]: '[Image]',
  [TYPES.MSG_AUDIO]: '[Audio]',
  [TYPES.MSG_VIDEO]: '[Video]',
  [TYPES.MSG_FILE]: '[File]',
  [TYPES.MSG_FACE]: '[Sticker]',
  [TYPES.MSG_LOCATION]: '[Location]',
  [TYPES.MSG_CUSTOM]: '[Custom message]',
  [TYPES.MSG_MERGER]: '[Chat history]',
  [TYPES.MSG_GRP_TIP]: '[Group tip]',
  [TYPES.MSG_GRP_SYS_NOTICE]: '[Group notice]',
};

/** A line of text for the list of conversations. */
export const shownAs = (type: string, payload: any): string =>
  type === TYPES.MSG_TEXT ? payload.text : (SHOWN[type] ?? '');
