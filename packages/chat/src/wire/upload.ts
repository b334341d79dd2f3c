import type { Core } from '../core.js';
import { ChatError, CODE } from '../error.js';
import type { Frame } from './connection.js';

/** Bytes that are sent at once: proxies in front of a server take that much when nobody has told them otherwise. */
const PART = 1 << 20;
/** Attempts, one after the other, that bring the file no further. */
const ATTEMPTS = 8;
/** The first pause before another attempt, and the longest, milliseconds. */
const PAUSES = [500, 8_000] as const;
/** How long a part may take, milliseconds. */
const PART_MAX = 120_000;
/** Seconds before its end from which on a ticket is not used any more. */
const TICKET_REST = 60;

/** A file on its way. It is kept with the message, so that sending it again goes on where it stopped. */
export interface Sending {
  file: Blob;
  name: string;
  type: string;
  /** The type of the element, by which the server limits the size. */
  element: string;
  ticket?: Frame;
}

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

async function call(url: string, method: string, headers: Record<string, string>, body?: Blob): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), PART_MAX);
  try {
    return await fetch(url, { method, headers, body, signal: controller.signal, credentials: 'omit' });
  } finally {
    clearTimeout(timer);
  }
}

const offsetOf = (response: Response): number | undefined => {
  const given = response.headers.get('Upload-Offset');
  return given === null ? undefined : Number(given);
};

async function ticketFor(core: Core, sending: Sending): Promise<Frame> {
  const now = (Date.now() + core.state.clock) / 1000;
  if (sending.ticket && now + TICKET_REST < sending.ticket.ExpireTime) return sending.ticket;
  sending.ticket = await core.request('upload_ticket', {
    MsgType: sending.element,
    FileName: sending.name,
    FileSize: sending.file.size,
    ContentType: sending.type,
  });
  return sending.ticket;
}

/** What the server says of a file that it has. Until then nobody sees anything of it. */
export interface Uploaded {
  uuid: string;
  url: string;
  width: number;
  height: number;
}

/** How long it waits for a connection, milliseconds. */
const CONNECTED_MAX = 15_000;
/** Codes of requests that were lost with their connection. */
const LOST: number[] = [CODE.NETWORK, CODE.TIMEOUT, CODE.OFFLINE];

/** How far an attempt has come: bytes that the server has, nothing where it must be asked, or the end. */
type Come = { offset?: number; done?: Uploaded };

/** Asks how much of the file the server has, or sends the next part of it. */
async function step(base: string, sending: Sending, offset: number | undefined): Promise<Come> {
  // Addresses in answers are whole already.
  const url: string = sending.ticket!.Url;
  if (offset === undefined) {
    const response = await call(url, 'HEAD', {});
    if (response.ok) return { offset: offsetOf(response) };
    if (response.status !== 403 && response.status !== 404) return {};
    // The ticket is over: another one begins at 0.
    sending.ticket = undefined;
    return { offset: 0 };
  }
  const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) };
  const response = await call(url, 'PATCH', headers, sending.file.slice(offset, offset + PART));
  const { status } = response;
  if (status === 204 || status === 409) return { offset: offsetOf(response) };
  const answer = (await response.json()) as Frame;
  if (status === 200) {
    const { UUID: uuid, SignedUrl, Width: width = 0, Height: height = 0 } = answer;
    return { done: { uuid, url: base + SignedUrl, width, height } };
  }
  if (500 <= status || [403, 404, 429].includes(status)) return {};
  throw new ChatError(answer.ErrorCode, answer.ErrorInfo);
}

/** Sends a file to the server, in parts, and goes on where it stopped when the connection is lost. */
export async function upload(core: Core, sending: Sending, onProgress: (part: number) => void): Promise<Uploaded> {
  const { session } = core;
  // What has come with an earlier ticket is asked for.
  let offset = sending.ticket ? undefined : 0;
  let most = 0;
  let pause: number = PAUSES[0];
  for (let attempts = 0; attempts < ATTEMPTS; attempts += 1) {
    try {
      await session?.connected(CONNECTED_MAX);
      if (!session || core.session !== session) throw new ChatError(CODE.NOT_LOGGED_IN, 'the account was logged out');
      await ticketFor(core, sending);
      const come: Come = await step(session.base, sending, offset);
      if (come.done) {
        onProgress(1);
        return come.done;
      }
      offset = come.offset;
      if (offset !== undefined && most < offset) {
        most = offset;
        attempts = -1;
        pause = PAUSES[0];
        onProgress(offset / sending.file.size);
        continue;
      }
    } catch (error) {
      if (error instanceof ChatError && !LOST.includes(error.code)) throw error;
      // The network failed: the server says how much has come.
      offset = undefined;
    }
    await sleep(pause * (0.5 + Math.random() / 2));
    pause = Math.min(pause * 2, PAUSES[1]);
  }
  throw new ChatError(CODE.NETWORK, 'the file cannot be sent to the server');
}
