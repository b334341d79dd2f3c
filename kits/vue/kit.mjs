// What a user does with the Vue kit, and where the kit shows what.
import { fileURLToPath } from 'node:url';
import { call } from '../browser.mjs';

const item = (page, name) => page.locator('.tui-conversation-item', { has: page.locator('.name').getByText(name, { exact: true }) });
const messages = (page) => page.locator('#messageScrollList');

/** Picks accounts in the dialog for that, whether they are listed or must be looked for. */
async function pick(page, ...nicks) {
  for (const nick of nicks) await page.locator('.transfer .left .transfer-list-item').getByText(nick, { exact: true }).click();
  await page.locator('.transfer-right-footer').getByText('Done').click();
}

async function settings(page, work) {
  await page.locator('.chat-header-setting .common-icon-container').click();
  await work(page.locator('.manage'));
  await page.locator('.manage-header .common-icon-container, .manage-header img, .manage-header svg').first().click();
}

export const vue = {
  name: 'the Vue kit',
  dist: fileURLToPath(new URL('dist', import.meta.url)),

  item,
  items: (page) => page.locator('.tui-conversation-item'),
  messages,
  unread: (page, name) => item(page, name).locator('.num'),
  preview: (page, name) => item(page, name).locator('.middle-box-content'),
  bubble: (page, said) => messages(page).getByText(said, { exact: true }),
  /** Those who wrote messages, and when. */
  nicks: (page) => page.locator('.message-body-nick-name'),
  times: (page) => page.locator('.message-timestamp'),
  open: (page, name) => item(page, name).click(),

  async say(page, said) {
    await page.locator('[contenteditable=true]').click();
    await page.keyboard.type(said);
    await page.keyboard.press('Enter');
  },
  failed: (page) => page.locator('.message-label.fail'),

  async recall(page, said) {
    await vue.bubble(page, said).click({ button: 'right' });
    await page.locator('.message-tool .list-item').getByText('Recall').click();
  },
  receipt: (page, said) => messages(page).locator('.message-li', { hasText: said }).locator('.message-label'),
  allRead: 'All read',

  async makeGroup(page, name, nicks) {
    await page.locator('.tui-search-more, .search-more, .tui-search-more-icon').first().click();
    await page.getByText('New group chat').click();
    await pick(page, ...nicks);
    await page.getByPlaceholder('Enter the group name').fill(name);
    await page.locator('.select-item').getByText('(Work)').click();
    await page.locator('.group-profile-footer .btn-submit').click();
  },
  // The kit offers this for Work groups only, and lists nobody there.
  invite: (page, groupID, user) => call(page, 'addGroupMember', { groupID, userIDList: [user] }),

  async apply(page, groupID) {
    await page.locator('.TUIKit-navbar-item').getByText('Contacts').click();
    await page.locator('.tui-contact-search-header').click();
    await page.locator('.tui-contact-search-main-input').fill(groupID);
    await page.keyboard.press('Enter');
    await page.locator('.tui-contact-search-list-item').click();
    await page.locator('.tui-contact-info-button-item').getByText('Send application').click();
    await page.locator('.TUIKit-navbar-item').getByText('Messages').click();
  },
  async approve(page, nick) {
    await page.locator('.application-tips-btn').click();
    // A click beside the drawer, which slides in, closes it.
    await page.locator('.drawer').evaluate((drawer) => Promise.all(drawer.getAnimations().map((one) => one.finished)));
    const item = page.locator('.application-item', { hasText: nick });
    await item.getByText('Agree').click();
    await item.waitFor({ state: 'detached' });
  },

  mute: (page, nick) =>
    settings(page, async (manage) => {
      await manage.locator('label').getByText('Manage group').click();
      await manage.locator('.admin-mute .item-main:not(:has(.item-main-avatar))').first().click();
      await pick(page, nick);
      await manage.locator('.admin-mute .item-name').getByText(nick).waitFor();
      await page.locator('.manage-header > *').first().click();
    }),
  kick: (page, nick) =>
    settings(page, async (manage) => {
      await manage.locator('dt.avatar').getByText('-', { exact: true }).click();
      await pick(page, nick);
      await page.locator('.deleted-dialog .btn-default').click();
    }),
  muted: (nick) => new RegExp(`${nick}.*was muted`),
  kicked: (page) => page.getByText('You have been removed from the group by the admin.'),

  attach: (page, file) => page.locator('input[type=file][data-type=image]').setInputFiles(file),
  picture: (page) => messages(page).locator('.message-image img, .image-container img').last(),
};
