import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { EVENT, TYPES } from '../dist/index.js';
import { Client, Server } from './harness.mjs';

/** Bytes that the compressed module may have. */
const SIZE_MAX = 60_000;

let server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

test('the compressed module is small', () => {
  const size = gzipSync(readFileSync(new URL('../dist/index.js', import.meta.url)), { level: 9 }).length;
  console.log(`# the module has ${size} bytes, compressed`);
  assert.ok(size < SIZE_MAX, `${size} bytes; ${SIZE_MAX} are allowed`);
});

test('an account logs out of one instance and stays in another', async () => {
  const [one, other] = await Promise.all(['ann', 'ann'].map((user) => server.client(user)));
  assert.equal(one.chat.getLoginUser(), 'ann');
  await one.chat.logout();
  await one.next(EVENT.SDK_NOT_READY);
  assert.equal(one.chat.getLoginUser(), '');
  assert.equal(one.chat.isReady(), false);
  await assert.rejects(one.chat.getConversationList(), { code: 2024 });
  assert.equal(other.chat.isReady(), true);
  await one.chat.login({ userID: 'ben', userSig: server.userSig('ben') });
  assert.equal(one.chat.getLoginUser(), 'ben');
  await Promise.all([one.close(), other.close()]);
});

test('the time of the server is known once an account is logged in', async () => {
  const client = new Client(server);
  await assert.rejects(client.chat.getServerTime(), { code: 2024 });
  await client.login('ann');
  assert.ok(Math.abs(client.chat.getServerTime() - Date.now() / 1000) < 30);
  await client.close();
});

test('listeners hear what they listen to, with their context, until they are taken off', async () => {
  const [ann, ben] = await Promise.all(['ann', 'ben'].map((user) => server.client(user)));
  const heard = [];
  const context = { name: 'context' };
  const always = function ({ data }) {
    heard.push([this.name, data[0].payload.text]);
  };
  let once = 0;
  ben.chat.on(EVENT.MESSAGE_RECEIVED, always, context);
  ben.chat.once(EVENT.MESSAGE_RECEIVED, () => (once += 1));
  for (const text of ['one', 'two']) {
    await ann.send('ben', text, TYPES.CONV_C2C);
    await ben.received(text);
  }
  ben.chat.off(EVENT.MESSAGE_RECEIVED, always, context);
  await ann.send('ben', 'three', TYPES.CONV_C2C);
  await ben.received('three');
  assert.deepEqual(heard, [['context', 'one'], ['context', 'two']]);
  assert.equal(once, 1);
  await Promise.all([ann.close(), ben.close()]);
});

test('what apps and UI kits ask of a client before the login is answered', async () => {
  const { chat } = new Client(server);
  assert.equal(chat.registerPlugin({ 'tim-upload-plugin': class {} }), undefined);
  assert.equal(chat.setLogLevel(4), undefined);
  assert.equal(chat.use([{}]), undefined);
  assert.equal(chat.callExperimentalAPI('canIUseModule', ['group-module']), true);
  const enabled = async (ability) => (await chat.callExperimentalAPI('isCommercialAbilityEnabled', ability)).data.enabled;
  assert.deepEqual([await enabled(2 ** 5), await enabled(2 ** 7), await enabled(2 ** 38)], [true, true, false]);
  await chat.destroy();
});

/** Methods that the server has nothing for. */
const NOT_BUILT = [
  'translateText',
  'convertVoiceToText',
  'searchCloudMessages',
  'searchCloudGroups',
  'searchCloudUsers',
  'searchCloudGroupMembers',
  'addMessageReaction',
  'removeMessageReaction',
  'getMessageReactions',
  'getAllUserListOfMessageReaction',
  'pinGroupMessage',
  'getPinnedGroupMessageList',
  'setAllReceiveMessageOpt',
  'getAllReceiveMessageOpt',
  'markGroupMemberList',
  'setSelfStatus',
  'subscribeUserStatus',
  'unsubscribeUserStatus',
  'acceptFriendApplication',
  'refuseFriendApplication',
  'deleteFriendApplication',
  'setFriendApplicationRead',
];

test('a method that is not built rejects with 3122', async () => {
  const { chat, ...client } = await server.client('ann');
  for (const name of NOT_BUILT) await assert.rejects(chat[name]({}), { code: 3122 }, name);
  assert.equal(client.user, 'ann');
  await chat.destroy();
});
