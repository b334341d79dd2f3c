import { EVENT, TYPES } from '../constants.js';
import type { Core } from '../core.js';
import { ChatError, CODE, ok, refuse, type Result } from '../error.js';
import { takeFrame } from '../frames.js';
import { enterAgain, resume } from '../resume.js';
import { syncLists } from '../sync.js';
import { Session } from '../wire/session.js';

/** What an app is told of a connection that the server ended, by close code. */
const KICKED: Record<number, string> = {
  4002: TYPES.KICKED_OUT_REST_API,
  4003: TYPES.KICKED_OUT_MULT_DEVICE,
  4006: TYPES.KICKED_OUT_USERSIG_EXPIRED,
  4007: TYPES.KICKED_OUT_REST_API,
};

/** Abilities that UI kits ask for, by bit: read receipts, and who is online. */
const ABILITIES = new Set([2 ** 5, 2 ** 7]);

const server = (core: Core): string => {
  if (core.options.proxyServer) return core.options.proxyServer;
  const origin = (globalThis as any).location?.origin;
  return origin && origin !== 'null' ? origin : refuse(CODE.NETWORK, 'proxyServer, the address of the server, is missing');
};

/** Logging in and out, and what is asked of the client itself. */
export const lifeMethods = (core: Core) => {
  const ended = (): void => {
    const wasReady = core.state.ready;
    core.reset();
    if (wasReady) core.emit(EVENT.SDK_NOT_READY, {});
  };

  return {
    async login({ userID, userSig }: any = {}): Promise<Result> {
      if (!userID) refuse(CODE.NO_USER_ID, 'userID is missing');
      if (!userSig) refuse(CODE.NO_USER_SIG, 'userSig is missing');
      const data = { actionStatus: 'OK', errorCode: 0, errorInfo: '' };
      if (core.session && core.me === userID) {
        return ok({ ...data, errorInfo: 'this account is logged in already', repeatLogin: true });
      }
      if (core.session) ended();
      core.state.me = userID;
      let isFirst = true;
      const session: Session = new Session(
        { server: server(core), sdkAppId: core.options.SDKAppID, userId: userID, userSig },
        {
          async onOpen(ready) {
            enterAgain(core);
            await syncLists(core, ready);
            if (core.session !== session) return;
            if (isFirst) {
              isFirst = false;
              core.state.ready = true;
              core.emit(EVENT.SDK_READY, {});
              core.emitGroups();
              core.emitList();
            } else {
              resume(core);
              core.emitGroups();
              core.listChanged();
            }
          },
          onFrame: (frame) => takeFrame(core, frame),
          onState: (state) => core.emit(EVENT.NET_STATE_CHANGE, { state }),
          onKicked(code) {
            ended();
            core.emit(EVENT.KICKED_OUT, { type: KICKED[code] ?? TYPES.KICKED_OUT_MULT_DEVICE });
          },
        },
      );
      core.session = session;
      try {
        await session.start();
      } catch (error) {
        if (core.session === session) core.reset();
        throw error;
      }
      return ok(data);
    },

    async logout(): Promise<any> {
      ended();
      return ok({});
    },

    async destroy(): Promise<any> {
      ended();
      core.emit(EVENT.SDK_DESTROY, {});
      core.emitter.emit('destroyed');
      core.emitter.clear();
      return ok({});
    },

    isReady: (): boolean => core.state.ready,
    getLoginUser: (): string => core.me,

    getServerTime(): any {
      if (!core.session) return Promise.reject(new ChatError(CODE.NOT_LOGGED_IN, 'log in first'));
      return Math.floor((Date.now() + core.state.clock) / 1000);
    },

    on: (name: string, handler: any, context?: unknown): void => core.emitter.on(name, handler, context),
    once: (name: string, handler: any, context?: unknown): void => core.emitter.on(name, handler, context, true),
    off: (name: string, handler: any, context?: unknown): void => core.emitter.off(name, handler, context),
    registerPlugin: (_plugins: unknown): void => {},
    use: (_plugins: unknown): void => {},
    setLogLevel: (_level: number): void => {},

    callExperimentalAPI(key: string, argument?: any): any {
      if (key === 'canIUseModule') return true;
      if (key === 'isCommercialAbilityEnabled') return Promise.resolve(ok({ enabled: ABILITIES.has(Number(argument)) }));
      return Promise.resolve(ok({}));
    },
  };
};
