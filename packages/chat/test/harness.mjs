// A Landfall server of its own for each test file, and clients of it.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, EVENT, TYPES } from '../dist/index.js';
import { recorded } from '../support/recorder.mjs';

export { Proxy } from './proxy.mjs';

const PROGRAM = process.env.LANDFALL_BIN ?? new URL('../../../target/debug/landfall', import.meta.url).pathname;
const APP = 1400000001;
/** How long anything may take, milliseconds. */
export const PATIENCE = 40_000;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export class Server {
  static async start() {
    const server = new Server();
    server.folder = mkdtempSync(join(tmpdir(), 'landfall-chat-'));
    server.port = await freePort();
    server.address = `http://127.0.0.1:${server.port}`;
    await server.run(['quickstart', '--listen', `127.0.0.1:${server.port}`, '--data', join(server.folder, 'data')]);
    server.config = join(server.folder, 'data', 'landfall.toml');
    return server;
  }

  async run(args) {
    this.process = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    this.process.stdout.on('data', (data) => (output += data));
    this.process.stderr.on('data', (data) => (output += data));
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.ended = ended;
    for (const until = Date.now() + PATIENCE; Date.now() < until; ) {
      const answer = await fetch(`${this.address}/healthz`).catch(() => undefined);
      if (answer?.ok) return;
      if (this.process.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the server did not start: ${output}`);
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  async restart() {
    await this.run(['serve', '--config', this.config]);
  }

  async stop() {
    // A client that a failed test has left would keep on connecting.
    for (const client of this.clients ?? []) client.chat.destroy();
    for (const proxy of this.proxies ?? []) proxy.close();
    this.process.kill('SIGTERM');
    await this.ended;
    rmSync(this.folder, { recursive: true });
  }

  userSig(user) {
    const args = ['usersig', '--config', this.config, '--app', String(APP), '--user', user];
    return execFileSync(PROGRAM, args, { encoding: 'utf8' }).trim();
  }

  /** A call of the app's own backend. */
  async rest(command, body) {
    this.adminSig ??= this.userSig('administrator');
    const query = new URLSearchParams({
      sdkappid: APP,
      identifier: 'administrator',
      usersig: this.adminSig,
      random: 1,
      contenttype: 'json',
    });
    const answer = await fetch(`${this.address}/v4/${command}?${query}`, { method: 'POST', body: JSON.stringify(body) });
    const read = await answer.json();
    if (read.ErrorCode !== 0) throw new Error(`${command}: ${read.ErrorCode} ${read.ErrorInfo}`);
    return read;
  }

  /** The texts of a group in order, with their numbers; null for a recalled one. */
  async history(GroupId) {
    const rows = [];
    for (let next = 0; ; ) {
      const page = await this.rest('group_open_http_svc/group_msg_get_simple', {
        GroupId,
        ReqMsgNumber: 20,
        ...(next && { ReqMsgSeq: next }),
      });
      rows.unshift(...page.RspMsgList.toReversed());
      next = (page.RspMsgList.at(-1)?.MsgSeq ?? 1) - 1;
      if (page.IsFinished === 1 || next === 0) break;
    }
    return rows
      .filter((row) => row.IsPlaceMsg === 1 || row.MsgBody[0]?.MsgType === 'TIMTextElem')
      .map((row) => [row.MsgSeq, row.IsPlaceMsg === 1 ? null : row.MsgBody[0].MsgContent.Text]);
  }

  /** A client that is logged in and ready. */
  async client(user, address = this.address) {
    const client = new Client(this, address);
    await client.login(user);
    return client;
  }
}

export class Client {
  constructor(server, address = server.address) {
    this.chat = fresh(address);
    this.server = server;
    (server.clients ??= []).push(this);
    this.events = [];
    this.waiting = [];
    this.opened = [];
    this.sent = [];
    for (const name of Object.values(EVENT)) {
      this.chat.on(name, (event) => {
        this.events.push({ name: event.name, data: event.data });
        this.waiting = this.waiting.filter((check) => !check(event));
      });
    }
  }

  async login(user) {
    this.user = user;
    const ready = this.next(EVENT.SDK_READY);
    const result = await this.chat.login({ userID: user, userSig: this.server.userSig(user) });
    await ready;
    return result;
  }

  named(name) {
    return this.events.filter((event) => event.name === name).map((event) => event.data);
  }

  /** The data of the first event of this name that passes, also one that was there before. */
  next(name, passes = () => true) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.user} got no ${name}; got ${JSON.stringify(this.events.map((one) => one.name))}`)),
        PATIENCE,
      );
      const check = (event) => {
        if (event.name !== name || !passes(event.data)) return false;
        clearTimeout(timer);
        resolve(event.data);
        return true;
      };
      if (!this.events.some(check)) this.waiting.push(check);
    });
  }

  /** Waits until this client has a connection again. */
  async connected() {
    if (this.named(EVENT.NET_STATE_CHANGE).at(-1).state === 'connected') return;
    await new Promise((resolve) => {
      const hear = ({ data }) => {
        if (data.state !== 'connected') return;
        this.chat.off(EVENT.NET_STATE_CHANGE, hear);
        resolve();
      };
      this.chat.on(EVENT.NET_STATE_CHANGE, hear);
    });
  }

  /** Forgets the events of this name, so that `next` waits for one that is still to come. */
  forget(name) {
    this.events = this.events.filter((event) => event.name !== name);
  }

  /** The message that was received with this text. */
  async received(text) {
    const of = (list) => list.find((message) => message.payload?.text === text);
    return of(await this.next(EVENT.MESSAGE_RECEIVED, of));
  }

  /** Reads the newest page of a conversation, as an app does that opens it. */
  async open(conversationID) {
    const { data } = await this.chat.getMessageList({ conversationID });
    this.opened.push(...data.messageList);
  }

  /**
   * The texts that an app shows of an open group, in order, with their numbers; null for a recalled one. They are what it read
   * when it opened the group, received since, and sent; none of these may come twice.
   */
  shown(groupID) {
    const all = [...this.opened, ...this.named(EVENT.MESSAGE_RECEIVED).flat(), ...this.sent].filter(
      (message) => message.to === groupID && message.type === TYPES.MSG_TEXT && message.status === 'success',
    );
    assert.equal(new Set(all.map((message) => message.ID)).size, all.length, `${this.user} has a message twice`);
    return all
      .sort((one, other) => one.sequence - other.sequence)
      .map((message) => [message.sequence, message.isRevoked ? null : message.payload.text]);
  }

  async send(to, text, type = 'GROUP', more = {}) {
    const message = this.chat.createTextMessage({ to, conversationType: type, payload: { text }, ...more });
    this.sent.push(message);
    await this.chat.sendMessage(message);
    return message;
  }

  async close() {
    await this.chat.destroy();
  }
}

/** One page has one instance of an app; a test is several pages. */
function fresh(address) {
  const shared = globalThis.__landfallChat;
  shared.delete(APP);
  const chat = create({ SDKAppID: APP, proxyServer: address });
  shared.delete(APP);
  return recorded(chat);
}
