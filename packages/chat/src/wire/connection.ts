import { ChatError, CODE } from '../error.js';
import { withoutServer, withServer } from './addresses.js';

/** A JSON object from the server. Every frame has an `Event`. */
export type Frame = Record<string, any>;

/** How long an answer may take, milliseconds. */
const ANSWER_MAX = 15_000;
/** How long a connection may take until the server says it is ready, milliseconds. */
const READY_MAX = 10_000;
/** Pause between two pings of the client, milliseconds: a page cannot see those of the server. */
const PING_EVERY = 25_000;

interface Waiting {
  resolve(answer: Frame): void;
  reject(error: ChatError): void;
  timer: ReturnType<typeof setTimeout>;
}

/** One connection to the server: commands and their answers, and frames that come by themselves. */
export class Connection {
  private readonly socket: WebSocket;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private pings?: ReturnType<typeof setInterval>;
  private ended = false;

  /** Resolves with the server's `ready` frame. */
  readonly ready: Promise<Frame>;

  constructor(
    url: string,
    /** The address of the server, before those of its files. */
    private readonly base: string,
    private readonly onFrame: (frame: Frame) => void,
    private readonly onClose: (code: number) => void,
  ) {
    this.socket = new WebSocket(url);
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new ChatError(CODE.TIMEOUT, 'the server did not answer in time'));
        this.socket.close();
        this.end(1006);
      }, READY_MAX);
      let refusal: ChatError | undefined;
      this.socket.onmessage = ({ data }) => {
        const frame = JSON.parse(withServer(data, base)) as Frame;
        switch (frame.Event) {
          case 'ready':
            clearTimeout(timer);
            this.pings = setInterval(() => this.ping(), PING_EVERY);
            resolve(frame);
            break;
          case 'refused':
            refusal = new ChatError(frame.ErrorCode, frame.ErrorInfo);
            break;
          case 'answer':
            this.settle(frame);
            break;
          default:
            this.onFrame(frame);
        }
      };
      const closed = (code: number) => {
        clearTimeout(timer);
        reject(refusal ?? new ChatError(CODE.NETWORK, `there is no connection to the server (${code})`));
        this.end(code);
      };
      this.socket.onclose = ({ code }) => closed(code);
      // Not everywhere does a connection that was never made also close.
      this.socket.onerror = () => {
        if (this.socket.readyState !== 1) setTimeout(() => closed(1006), 0);
      };
    });
  }

  /** Performs a command; resolves with its answer, or rejects with the server's code. */
  request(command: string, fields: Frame = {}): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (this.ended || this.socket.readyState !== 1) {
        reject(new ChatError(CODE.NETWORK, 'there is no connection to the server'));
        return;
      }
      this.lastId += 1;
      const id = this.lastId;
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new ChatError(CODE.TIMEOUT, `the server did not answer ${command} in time`));
      }, ANSWER_MAX);
      this.waiting.set(id, { resolve, reject, timer });
      this.socket.send(withoutServer(JSON.stringify({ Command: command, RequestId: id, ...fields }), this.base));
    });
  }

  /** Sends a command that has no answer. */
  tell(command: string, fields: Frame = {}): void {
    if (!this.ended && this.socket.readyState === 1) {
      this.socket.send(JSON.stringify({ Command: command, ...fields }));
    }
  }

  close(): void {
    this.socket.onclose = null;
    this.socket.close(1000);
    this.end(1000);
  }

  private ping(): void {
    // The connection is lost when not even this is answered.
    this.request('ping').catch(() => {
      if (!this.ended) {
        this.socket.onclose = null;
        this.socket.close();
        this.end(1006);
      }
    });
  }

  private settle(frame: Frame): void {
    const waiting = this.waiting.get(frame.RequestId);
    if (!waiting) return;
    this.waiting.delete(frame.RequestId);
    clearTimeout(waiting.timer);
    if (frame.ErrorCode === 0) {
      waiting.resolve(frame);
    } else {
      waiting.reject(new ChatError(frame.ErrorCode, frame.ErrorInfo, { answer: frame }));
    }
  }

  private end(code: number): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.pings);
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new ChatError(CODE.NETWORK, 'the connection to the server was lost'));
    }
    this.waiting.clear();
    this.onClose(code);
  }
}
