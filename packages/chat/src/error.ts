/** An error as apps and UI kits read it: a number, a text, and what belongs to it. */
export class ChatError extends Error {
  readonly code: number;
  readonly data: Record<string, unknown>;

  constructor(code: number, message: string, data: Record<string, unknown> = {}) {
    super(message);
    this.name = 'ChatError';
    this.code = code;
    this.data = data;
  }
}

/** Codes of the client itself. Those of the server pass through unchanged. */
export const CODE = {
  NO_USER_ID: 2002,
  NO_USER_SIG: 2003,
  NOT_LOGGED_IN: 2024,
  REPEATED_LOGIN: 2025,
  UPLOAD_NOT_AVAILABLE: 2040,
  SEND_FAILED: 2100,
  NOT_A_MESSAGE: 2105,
  CONVERSATION_TYPE: 2106,
  FILE_EMPTY: 2108,
  NO_RECEIPT: 2114,
  NOTICE_NOT_DELETABLE: 2116,
  NO_IMAGE: 2251,
  IMAGE_TYPE: 2252,
  IMAGE_SIZE: 2253,
  AUDIO_SIZE: 2301,
  VIDEO_SIZE: 2351,
  NO_FILE: 2401,
  FILE_SIZE: 2402,
  MERGER_ILLEGAL: 2450,
  CONVERSATION_NOT_FOUND: 2500,
  CONVERSATION_ID: 2503,
  GROUP_TYPE: 2600,
  GROUP_ID: 2602,
  GROUP_NOT_FOUND: 2603,
  MEMBER_ROLE: 2683,
  OWN_ROLE: 2684,
  MUTE_ONESELF: 2685,
  FRIEND_GROUP: 2710,
  NETWORK: 2800,
  TIMEOUT: 2801,
  OFFLINE: 2805,
  TOO_FREQUENT: 2996,
  NOT_READY: 2999,
  LOGIN_FAILED: 3001,
  NOT_AVAILABLE: 3122,
  EMPTY_OPTIONS: 3153,
} as const;

/** The result of a method that succeeded. */
export interface Result<T = any> {
  code: 0;
  data: T;
}

export const ok = <T>(data: T): Result<T> => ({ code: 0, data });

export const refuse = (code: number, message: string, data?: Record<string, unknown>): never => {
  throw new ChatError(code, message, data);
};
