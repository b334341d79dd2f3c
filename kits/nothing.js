// In place of the kit for calls, which needs a media cloud.
export const TUICallKit = {};
export const TUICallKitServer = {};
export const CallMediaType = {};
export const STATUS = {};
export default {};
