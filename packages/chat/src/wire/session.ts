import { ChatError, CODE } from '../error.js';
import { baseOf } from './addresses.js';
import { Connection, type Frame } from './connection.js';

/** The first pause before another attempt to connect, and the longest, milliseconds. */
const PAUSES = [500, 15_000] as const;
/** Commands of a client that may be open at a time; the server refuses more. */
const OPEN_MAX = 30;
/** Close codes after which another attempt would fail in the same way. */
const FINAL = new Set([4001, 4002, 4003, 4006, 4007]);

export interface SessionOptions {
  /** Address of the server: http(s) or ws(s). */
  server: string;
  sdkAppId: number;
  userId: string;
  userSig: string;
}

export interface SessionHandler {
  /** A connection is open and held, which the app learns of next: new messages wait until this resolves. Where it fails, the connection is made again. */
  onOpen(ready: Frame): Promise<void>;
  onFrame(frame: Frame): void;
  onState(state: 'connected' | 'connecting' | 'disconnected'): void;
  /** The server ended the session for good. */
  onKicked(code: number): void;
}

/** The address of the endpoint on a server. */
export function endpoint({ server, sdkAppId, userId, userSig }: SessionOptions): string {
  const url = new URL(server);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  url.pathname = url.pathname.replace(/\/$/, '').replace(/\/v4\/gateway$/, '') + '/v4/gateway';
  url.search = new URLSearchParams({
    sdkappid: String(sdkAppId),
    identifier: userId,
    usersig: userSig,
    platform: 'Web',
    hold: '1',
  }).toString();
  return url.toString();
}

/** A connection that is made again when it is lost, and commands that wait for their turn. */
export class Session {
  private connection?: Connection;
  private closed = false;
  private pause: number = PAUSES[0];
  private open = 0;
  private readonly queue: (() => void)[] = [];
  /** Called when there is a connection. */
  private waiting: (() => void)[] = [];
  private retry?: ReturnType<typeof setTimeout>;
  /** The address of the server, before those of its files. */
  readonly base: string;

  constructor(
    private readonly options: SessionOptions,
    private readonly handler: SessionHandler,
  ) {
    this.base = baseOf(options.server);
  }

  /** Connects for the first time: resolves when the server has accepted the account. */
  async start(): Promise<void> {
    await this.connect();
  }

  async request(command: string, fields: Frame = {}): Promise<Frame> {
    if (OPEN_MAX <= this.open) await new Promise<void>((resolve) => this.queue.push(resolve));
    this.open += 1;
    try {
      if (!this.connection) throw new ChatError(CODE.OFFLINE, 'there is no connection to the server');
      return await this.connection.request(command, fields);
    } finally {
      this.open -= 1;
      this.queue.shift()?.();
    }
  }

  tell(command: string, fields: Frame = {}): void {
    this.connection?.tell(command, fields);
  }

  /** Resolves when there is a connection, and when none was made for so many milliseconds. */
  connected(milliseconds: number): Promise<void> {
    if (this.connection || this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private tellWaiting(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const tell of waiting) tell();
  }

  close(): void {
    this.closed = true;
    this.tellWaiting();
    clearTimeout(this.retry);
    this.connection?.close();
    this.connection = undefined;
  }

  private async connect(): Promise<void> {
    this.handler.onState('connecting');
    const connection = new Connection(
      endpoint(this.options),
      this.base,
      (frame) => this.handler.onFrame(frame),
      (code) => this.lost(connection, code),
    );
    const ready = await connection.ready;
    if (this.closed) {
      connection.close();
      return;
    }
    this.connection = connection;
    this.pause = PAUSES[0];
    const opened = this.handler.onOpen(ready);
    this.tellWaiting();
    this.handler.onState('connected');
    opened.then(
      () => connection.tell('go'),
      () => {
        if (this.connection !== connection) return;
        connection.close();
        this.lost(connection, 1006);
      },
    );
  }

  private lost(connection: Connection, code: number): void {
    // A connection that was never ready has told whoever waits for it.
    if (this.closed || this.connection !== connection) return;
    this.connection = undefined;
    if (FINAL.has(code)) {
      this.closed = true;
      this.handler.onKicked(code);
      return;
    }
    this.handler.onState('disconnected');
    this.again();
  }

  private again(): void {
    const pause = this.pause * (0.5 + Math.random() / 2);
    this.pause = Math.min(this.pause * 2, PAUSES[1]);
    this.retry = setTimeout(() => {
      this.connect().catch((error: ChatError) => {
        if (this.closed) return;
        // Refused, and not merely unreachable.
        if (70_000 <= error.code && error.code < 80_000) {
          this.closed = true;
          this.handler.onKicked(4006);
        } else if (!this.connection) {
          this.again();
        }
      });
    }, pause);
  }
}
