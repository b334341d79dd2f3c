// The client is assignable to what both generations of the imitated package declare.
import type { ChatSDK as Chat } from '@tencentcloud/chat';
import type { ChatSDK as LiteChat } from '@tencentcloud/lite-chat';
import type { Chat as Ours } from '../../packages/chat/dist/index.js';

declare const ours: Ours;
export const chat: Chat = ours;
export const liteChat: LiteChat = ours;
