// Two browsers, side by side, with the kit: sign in, list, imported history, sending, receiving. Everything but this machine
// is out of reach of the pages.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { Server } from '../packages/chat/test/harness.mjs';

const DIST = fileURLToPath(new URL('vue/dist', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png' };
const PATIENCE = 30_000;
const AN_HOUR_AGO = Math.floor(Date.now() / 1000) - 3600;

const files = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const file = join(DIST, pathname === '/' ? 'index.html' : pathname);
  try {
    const body = readFileSync(file);
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => files.listen(0, '127.0.0.1', resolve));
const page = `http://127.0.0.1:${files.address().port}/`;

const server = await Server.start();
const text = (Text) => [{ MsgType: 'TIMTextElem', MsgContent: { Text } }];
await server.rest('im_open_login_svc/multiaccount_import', {
  AccountList: [{ UserID: 'ann', Nick: 'Ann' }, { UserID: 'ben', Nick: 'Ben' }],
});
await server.rest('group_open_http_svc/import_group', {
  Type: 'Public',
  Name: 'Readers',
  GroupId: 'readers',
  Owner_Account: 'ann',
  CreateTime: AN_HOUR_AGO,
});
await server.rest('group_open_http_svc/import_group_member', {
  GroupId: 'readers',
  MemberList: [{ Member_Account: 'ben', JoinTime: AN_HOUR_AGO + 1 }],
});
await server.rest('group_open_http_svc/import_group_msg', {
  GroupId: 'readers',
  MsgList: [1, 2, 3].map((number) => ({
    From_Account: 'ann',
    SendTime: AN_HOUR_AGO + 60 * number,
    Random: number,
    MsgBody: text(`imported ${number}`),
  })),
});

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

async function open(user) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  await context.route((url) => url.hostname !== '127.0.0.1', (route) => route.abort());
  const opened = await context.newPage();
  opened.setDefaultTimeout(PATIENCE);
  const query = new URLSearchParams({ app: 1400000001, user, sig: server.userSig(user), server: server.address });
  await opened.goto(`${page}#${query}`);
  await opened.getByText('Readers').first().click();
  await opened.getByText('imported 1').first().waitFor();
  return opened;
}

async function say(from, said, to) {
  await from.locator('[contenteditable=true]').first().click();
  await from.keyboard.type(said);
  await from.keyboard.press('Enter');
  for (const one of [from, to]) await one.getByText(said).first().waitFor();
}

try {
  const [ann, ben] = [await open('ann'), await open('ben')];
  await say(ann, 'hello from one browser', ben);
  await say(ben, 'and from the other', ann);
  assert.ok((await ben.getByText('Ann').count()) > 0, 'messages show who wrote them');
  for (const [user, opened] of [['ann', ann], ['ben', ben]]) {
    assert.deepEqual(await opened.evaluate(() => window.problems), [], `problems of ${user}`);
  }
  console.log('the Vue kit: sign in, list, imported history, sending and receiving in two browsers');
} finally {
  await browser.close();
  files.close();
  await server.stop();
}
