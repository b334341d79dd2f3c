// A network before a server: it can be cut, and it can swallow what one side sends.
import { connect, createServer } from 'node:net';

export class Proxy {
  static async before(server) {
    const { port } = server;
    const proxy = new Proxy();
    (server.proxies ??= []).push(proxy);
    proxy.sockets = new Set();
    proxy.isCut = false;
    proxy.listener = createServer((client) => {
      if (proxy.isCut) return client.destroy();
      const behind = connect(port, '127.0.0.1');
      proxy.join(client, behind, 'client');
      proxy.join(behind, client, 'server');
    });
    await new Promise((resolve) => proxy.listener.listen(0, '127.0.0.1', resolve));
    proxy.address = `http://127.0.0.1:${proxy.listener.address().port}`;
    return proxy;
  }

  join(one, other, side) {
    this.sockets.add(one);
    one.on('error', () => {});
    one.on('close', () => {
      this.sockets.delete(one);
      other.destroy();
    });
    one.on('data', (data) => {
      if (this.swallowed === side) this.arrived();
      else other.write(data);
    });
  }

  /** From here on nothing that this side sends gets through; resolves when the first of it is lost. */
  swallow(side) {
    this.swallowed = side;
    return new Promise((resolve) => (this.arrived = resolve));
  }

  cut() {
    this.isCut = true;
    this.swallowed = undefined;
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
