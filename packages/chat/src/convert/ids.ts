import { TYPES } from '../constants.js';

/** A number that stands for a text: FNV-1a, 32 bits. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}

/**
 * The id of a message. It is the same in an answer, in a frame and in a history, and does not change when a message is sent.
 * Messages of other systems may have no random number: their place in the conversation stands for it.
 */
export const messageId = (from: string, to: string, random: number, sequence: number): string =>
  `${hash(from)}-${hash(to)}-${random || `s${sequence}`}`;

export const groupConversation = (id: string): string => `${TYPES.CONV_GROUP}${id}`;
export const c2cConversation = (id: string): string => `${TYPES.CONV_C2C}${id}`;

export interface Place {
  type: 'C2C' | 'GROUP' | '@TIM#SYSTEM';
  /** The peer, the group, or the topic. */
  to: string;
  /** The group of a topic, or the group itself. */
  groupID: string;
  topicID: string;
}

const TOPIC = /^(.*)@TOPIC#_/;

/** What a conversation id names; undefined where it is none. */
export function placeOf(conversationID: unknown): Place | undefined {
  if (typeof conversationID !== 'string') return undefined;
  if (conversationID === TYPES.CONV_SYSTEM) {
    return { type: TYPES.CONV_SYSTEM, to: '', groupID: '', topicID: '' };
  }
  if (conversationID.startsWith(TYPES.CONV_C2C) && 3 < conversationID.length) {
    return { type: TYPES.CONV_C2C, to: conversationID.slice(3), groupID: '', topicID: '' };
  }
  if (conversationID.startsWith(TYPES.CONV_GROUP) && 5 < conversationID.length) {
    const to = conversationID.slice(5);
    const community = TOPIC.exec(to)?.[1];
    return { type: TYPES.CONV_GROUP, to, groupID: community ?? to, topicID: community === undefined ? '' : to };
  }
  return undefined;
}

/** The fields by which the server knows a conversation. */
export function wirePlace(place: Place): Record<string, string> {
  if (place.type === TYPES.CONV_C2C) return { Peer_Account: place.to };
  return place.topicID ? { GroupId: place.groupID, TopicId: place.topicID } : { GroupId: place.groupID };
}
