// The page /console/try of a server, in two windows of a browser: signing in, imported history, sending, joining, making a group.
// With --pictures, it also writes the pictures of the documents.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { Server } from '../packages/chat/test/harness.mjs';
import { tell } from './story.mjs';

const PATIENCE = 30_000;
const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));

const server = await Server.start();
await tell(server);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});

/** A window in which an account is signed in. What it fetches from elsewhere, and what goes wrong in it, is a problem. */
async function open(user, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 760, height: 660 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    colorScheme: 'light',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (line) => line.type() === 'error' && page.problems.push(line.text()));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== server.address) page.problems.push(request.url());
  });
  const query = new URLSearchParams({ sdkappid: 1400000001, identifier: user, usersig: server.userSig(user) });
  await page.goto(`${server.address}/console/try#${query}`);
  await page.locator('#state.connected').waitFor();
  await page.locator('#groups .row').first().waitFor();
  return page;
}

const row = (page, name) => page.locator('#groups .row', { hasText: name });
const message = (page, words) => page.locator('#log .message', { hasText: words });

async function go(page, name, words) {
  await row(page, name).click();
  await message(page, words).first().waitFor();
}

async function say(from, words, to) {
  await from.locator('#say').fill(words);
  await from.keyboard.press('Enter');
  for (const page of [from, to]) await message(page, words).waitFor();
}

async function listAndHistory(mira) {
  assert.equal(await row(mira, 'Reading circle').locator('.unread').textContent(), '2');
  await go(mira, 'Harbour crew', 'Who has the trailer?');
  assert.equal(await mira.locator('#log .message').count(), 10, 'the imported history is there');
  assert.ok(2 <= (await mira.locator('#log .day').count()), 'days are told apart');
  assert.ok((await message(mira, 'cleats').textContent()).includes('Aiko Mori'), 'messages have the nick of the sender');
  await go(mira, 'Archive', 'page 70');
  for (const most of [20, 40, 60]) {
    await mira.locator('#log .message').nth(most - 1).waitFor();
    await mira.locator('#log').evaluate((log) => (log.scrollTop = 0));
  }
  await mira.locator('#log').getByText('page 1', { exact: true }).waitFor();
  assert.equal(await mira.locator('#log .message').count(), 70, 'scrolling back loads every page once');
  await go(mira, 'Reading circle', 'Thursday at seven');
  await row(mira, 'Reading circle').locator('.unread').waitFor({ state: 'detached' });
}

async function talk(mira, jonas) {
  for (const page of [mira, jonas]) await go(page, 'Harbour crew', 'Who has the trailer?');
  await say(jonas, 'I do. It is at the slip already, with new tyres.', mira);
  await say(jonas, 'wrong window', mira);
  await message(jonas, 'wrong window').hover();
  await message(jonas, 'wrong window').getByRole('button', { name: 'Recall' }).click();
  for (const page of [mira, jonas]) await page.locator('#log .recalled').waitFor();
  assert.ok((await mira.locator('#log .recalled').textContent()).startsWith('Jonas Ek recalled'));
  await say(mira, 'You are a treasure ⚓', jonas);
  await message(mira, 'treasure').hover();
  await message(mira, 'treasure').getByRole('button', { name: 'Edit' }).click();
  await say(mira, 'You are a treasure! See you all on Saturday ⚓', jonas);
  assert.ok((await message(jonas, 'on Saturday').textContent()).includes('edited'));
}

async function groups(mira, jonas) {
  await jonas.getByLabel('New', { exact: true }).click();
  await jonas.getByRole('button', { name: 'New group' }).click();
  await jonas.getByLabel('Name').fill('Sauna');
  await jonas.getByRole('button', { name: 'Create' }).click();
  await jonas.locator('#thread-name', { hasText: 'Sauna' }).waitFor();
  await jonas.getByRole('button', { name: 'Details', exact: true }).click();
  const about = await jonas.locator('#details .about .line').textContent();
  const id = about.split(', ')[1];
  await mira.getByLabel('New', { exact: true }).click();
  await mira.getByRole('button', { name: 'Join a group' }).click();
  await mira.getByLabel('Group ID').fill(id);
  await mira.getByRole('button', { name: 'Join', exact: true }).click();
  await mira.locator('#thread-name', { hasText: 'Sauna' }).waitFor();
  await jonas.locator('#log .tip', { hasText: 'Mira Lind joined' }).waitFor();
  const members = jonas.locator('#details .people li');
  await members.nth(1).waitFor();
  assert.ok((await members.first().textContent()).includes('owner'));
  await jonas.getByRole('button', { name: 'Dissolve' }).click();
  await jonas.locator('#dialog').getByRole('button', { name: 'Dissolve' }).click();
  await row(mira, 'Sauna').waitFor({ state: 'detached' });
  await mira.locator('.note', { hasText: 'Sauna was dissolved' }).waitFor();
  await mira.locator('.note button').click();
}

/** Both windows on one picture, as they stand on a desk. */
async function sideBySide(pages) {
  const shots = await Promise.all(pages.map((page) => page.screenshot()));
  const context = await browser.newContext({ viewport: { width: 1600, height: 764 } });
  const desk = await context.newPage();
  const windows = shots.map((shot) => `<div><i></i><i></i><i></i><img src="data:image/png;base64,${shot.toString('base64')}"></div>`);
  await desk.setContent(`<style>
    body { margin: 0; display: flex; gap: 24px; padding: 28px; background: #d5e3dc; }
    div { width: 760px; border-radius: 12px; overflow: hidden; background: #f3f6f4; box-shadow: 0 6px 20px rgb(20 60 45 / 18%); }
    i { float: left; width: 11px; height: 11px; margin: 12px 0 12px 10px; border-radius: 50%; background: #c3cfc9; }
    img { display: block; clear: both; }
  </style>${windows.join('')}`);
  return desk.screenshot();
}

async function pictures(mira, jonas) {
  mkdirSync(IMAGES, { recursive: true });
  const keep = (name, shot) => {
    writeFileSync(`${IMAGES}${name}.png`, shot);
    console.log(`docs/images/${name}.png: ${shot.length} bytes`);
  };
  for (const page of [mira, jonas]) {
    await row(page, 'Harbour crew').click();
    await page.locator('#thread-name', { hasText: 'Harbour crew' }).waitFor();
    await message(page, 'on Saturday').waitFor();
    await page.mouse.move(0, 0);
    await page.locator('#say').blur();
  }
  keep('two-windows', await sideBySide([mira, jonas]));
  const phone = await open('mira', { viewport: { width: 390, height: 780 }, colorScheme: 'dark', hasTouch: true });
  const list = await phone.screenshot();
  await row(phone, 'Harbour crew').click();
  await message(phone, 'on Saturday').waitFor();
  await phone.mouse.move(0, 0);
  await phone.locator('#say').blur();
  const shown = await phone.screenshot();
  keep('phone-dark', await (async () => {
    const context = await browser.newContext({ viewport: { width: 876, height: 836 } });
    const desk = await context.newPage();
    const images = [list, shown].map((shot) => `<img src="data:image/png;base64,${shot.toString('base64')}">`);
    await desk.setContent(`<style>body { margin: 0; display: flex; gap: 40px; padding: 28px; background: #1b2a24; }
      img { border-radius: 24px; }</style>${images.join('')}`);
    return desk.screenshot();
  })());
}

try {
  const [mira, jonas] = [await open('mira'), await open('jonas')];
  await listAndHistory(mira);
  await talk(mira, jonas);
  await groups(mira, jonas);
  if (process.argv.includes('--pictures')) await pictures(mira, jonas);
  for (const page of [mira, jonas]) assert.deepEqual(page.problems, []);
  console.log('the page /console/try: list, imported history, sending, recall, changes, groups in two windows');
} finally {
  await browser.close();
  await server.stop();
}
