// A Landfall server of its own for each test file, and clients of it.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, EVENT } from '../dist/index.js';
import { recorded } from '../support/recorder.mjs';

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

  /** A client that is logged in and ready. */
  async client(user, address = this.address) {
    const client = new Client(this, address);
    await client.login(user);
    return client;
  }
}

/** A network before a server, which can be cut. */
export class Proxy {
  static async before({ port }) {
    const proxy = new Proxy();
    proxy.sockets = new Set();
    proxy.isCut = false;
    proxy.listener = createServer((client) => {
      if (proxy.isCut) return client.destroy();
      const server = connect(port, '127.0.0.1');
      for (const [one, other] of [[client, server], [server, client]]) {
        proxy.sockets.add(one);
        one.on('error', () => {});
        one.on('close', () => {
          proxy.sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    await new Promise((resolve) => proxy.listener.listen(0, '127.0.0.1', resolve));
    proxy.address = `http://127.0.0.1:${proxy.listener.address().port}`;
    return proxy;
  }

  cut() {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend() {
    this.isCut = false;
  }

  close() {
    this.cut();
    this.listener.close();
  }
}

export class Client {
  constructor(server, address = server.address) {
    this.chat = fresh(address);
    this.server = server;
    (server.clients ??= []).push(this);
    this.events = [];
    this.waiting = [];
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

  /** The message that was received with this text. */
  async received(text) {
    const of = (list) => list.find((message) => message.payload?.text === text);
    return of(await this.next(EVENT.MESSAGE_RECEIVED, of));
  }

  async send(to, text, type = 'GROUP', more = {}) {
    const message = this.chat.createTextMessage({ to, conversationType: type, payload: { text }, ...more });
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
