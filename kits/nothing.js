// In place of kits for calls and rooms, which need a media cloud.
export const TUICallKit = {};
export const TUICallKitServer = {};
export const CallMediaType = {};
export const STATUS = {};
export const TUIErrorCode = {};
export default {};
