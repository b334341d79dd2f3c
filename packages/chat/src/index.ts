import { create } from './chat.js';
import { EVENT, SIGNALING, TYPES, VERSION } from './constants.js';

export type { Chat } from './chat.js';
export type { ChatOptions } from './core.js';
export { ChatError } from './error.js';
export type * from './models.js';
export { create, EVENT, TYPES, VERSION, SIGNALING as TSignaling };

/** The default export, as apps import it. */
const LandfallChat = { create, EVENT, TYPES, TSignaling: SIGNALING, VERSION };
export default LandfallChat;
