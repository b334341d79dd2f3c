// What a user does with the React kit, and where the kit shows what.
import { fileURLToPath } from 'node:url';

const list = '.uikit-ConversationList-conversationPreview';
const item = (page, name) => page.locator(list, { has: page.locator(`${list}__title`).getByText(name, { exact: true }) });
const messages = (page) => page.locator('.uikit-MessageList-message-list');
const dialog = (page) => page.locator('.tui-dialog');
const tab = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** Picks members or friends in the dialog for that. */
async function pick(page, nick) {
  await dialog(page).getByText(nick).first().click();
  await dialog(page).getByRole('button').last().click();
}

const members = (page, title) => page.locator('[class*=group-members__header]', { hasText: title }).locator('..');

export const react = {
  name: 'the React kit',
  dist: fileURLToPath(new URL('dist', import.meta.url)),

  item,
  items: (page) => page.locator(list),
  messages,
  unread: (page, name) => item(page, name).locator('[class*=avatar__unread], [class*=Avatar-unread], [class*=badge]').first(),
  preview: (page, name) => item(page, name).locator(`${list}__abstract`),
  bubble: (page, said) => page.locator('[data-message-id]').getByText(said, { exact: true }),
  nicks: (page) => page.locator('[class*=message-layout__nick]'),
  times: (page) => page.locator('[class*=message-time-divider]'),
  open: (page, name) => item(page, name).click(),

  async say(page, said) {
    await page.locator('[contenteditable=true]').click();
    await page.keyboard.type(said);
    await page.keyboard.press('Enter');
  },
  failed: (page) => page.locator('[class*=message-layout__failed]'),

  async recall(page, said) {
    await react.bubble(page, said).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Recall' }).click();
  },
  receipt: (page, said) => page.locator('[data-message-id]', { hasText: said }).locator('[class*=message-layout__read-receipt]'),
  allRead: 'All Read',

  async makeGroup(page, name, nicks) {
    await page.locator('[class*=conversationCreateButton]').click();
    await page.getByText('New group chat').click();
    for (const nick of nicks) {
      await page.locator('[class*=conversationCreateUserSelectList__user]').getByText(nick, { exact: true }).first().click();
    }
    await page.getByText('Next', { exact: true }).click();
    await page.getByPlaceholder('Group Name').fill(name);
    await page.getByText('Create', { exact: true }).click();
  },
  async invite(page, _groupID, _user, nick) {
    await members(page, 'Group Members').locator('[class*=group-members__action-btn]').first().click();
    await pick(page, nick);
  },

  async apply(page, groupID) {
    await tab(page, 'All contacts');
    await page.getByText('Add friend/group').click();
    await page.locator('[class*=ExactSearch__input] input').fill(groupID);
    await page.keyboard.press('Enter');
    await page.locator('[class*=ExactSearch__row]').click();
    await page.getByRole('button', { name: 'Apply to join group' }).click();
    await page.getByText('Group application sent').waitFor();
    await tab(page, 'All chats');
  },
  async approve(page, nick) {
    await tab(page, 'All contacts');
    await page.getByText('Group applications').click();
    await page.locator('[class*=groupApplicationItem]', { hasText: nick }).getByText('Agree').click();
    await tab(page, 'All chats');
  },

  async mute(page, nick) {
    await page.getByText('Group Management').click();
    await members(page, 'Mute Management').locator('[class*=group-members__action-btn]').first().click();
    await pick(page, nick);
    await members(page, 'Mute Management').getByText(nick).waitFor();
    await page.locator('[class*=group-management__header] > *').first().click();
  },
  async kick(page, nick) {
    await members(page, 'Group Members').locator('[class*=group-members__action-btn]').last().click();
    await pick(page, nick);
  },
  muted: (nick) => new RegExp(`${nick}.*was muted`),
  // The settings of a group that one is not in show no members.
  kicked: (page) => page.locator('body:not(:has([class*=group-members__header])) [class*=chat-setting__header]'),

  attach: (page, file) => page.locator('input[type=file]').first().setInputFiles(file),
  picture: (page) => page.locator('[data-message-id] img').last(),
};
