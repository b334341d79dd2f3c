// A browser, the pages of a kit in it, and the files that these need. Everything but this machine is out of their reach.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const SDK = fileURLToPath(new URL('../packages/chat/dist', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png' };
/** How long anything may take, milliseconds. */
export const PATIENCE = Number(process.env.KITS_PATIENCE ?? 30_000);

/** Serves a built kit, and the web SDK under /sdk. */
function serve(kit) {
  const files = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const file = pathname.startsWith('/sdk/') ? join(SDK, pathname.slice(5)) : join(kit.dist, pathname === '/' ? 'index.html' : pathname);
    try {
      const body = readFileSync(file);
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => files.listen(0, '127.0.0.1', () => resolve(files)));
}

export class Browser {
  static async start(kit, server) {
    const browser = new Browser();
    Object.assign(browser, { kit, server, pages: [], files: await serve(kit) });
    browser.chromium = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    });
    return browser;
  }

  /** Opens the kit as this account, in a window of its own. */
  async open(user) {
    const context = await this.chromium.newContext({ viewport: { width: 1300, height: 900 } });
    await context.route((url) => url.hostname !== '127.0.0.1', (route) => route.abort());
    const page = await context.newPage();
    page.user = user;
    page.setDefaultTimeout(PATIENCE);
    const { server } = this;
    const query = new URLSearchParams({ app: 1400000001, user, sig: server.userSig(user), server: server.address });
    await page.goto(`http://127.0.0.1:${this.files.address().port}/#${query}`);
    this.pages.push(page);
    return page;
  }

  /** What went wrong in the pages since this was asked last. A kit may ask for a group that the account was removed from. */
  async problems() {
    const all = await Promise.all(
      this.pages.map(async (page) => {
        const problems = await page.evaluate(() => window.problems.splice(0));
        return problems.map((problem) => `${page.user}: ${problem}`);
      }),
    );
    return all.flat().filter((problem) => !problem.endsWith('10007: you are not a member of the group'));
  }

  /** Puts pictures of all windows into a folder, if one is given. */
  async show(folder) {
    if (!folder) return;
    await Promise.all(this.pages.map((page) => page.screenshot({ path: join(folder, `${page.user}.png`) })));
  }

  async close() {
    await this.chromium.close();
    this.files.close();
  }
}

/** Calls a method of the SDK in a page, for what the kit has no screen for. */
export const call = (page, method, ...given) =>
  page.evaluate(
    async ([name, values]) => {
      const [chat] = globalThis.__landfallChat.values();
      const { data } = await chat[name](...values);
      return data?.status ?? null;
    },
    [method, given],
  );
