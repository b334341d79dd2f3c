// Several tabs and devices of one account, and networks that fail: in the end every client shows what the server has.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EVENT, TYPES } from '../dist/index.js';
import { PATIENCE, Proxy, Server } from './harness.mjs';

let server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

/** Clients of these accounts, and a group of all that each of them has open. */
async function clients(users, groupID) {
  const all = await Promise.all(users.map(([user, address]) => server.client(user, address)));
  const memberList = [...new Set(users.map(([user]) => user))].slice(1).map((userID) => ({ userID }));
  await all[0].chat.createGroup({ type: TYPES.GRP_PUBLIC, name: groupID, groupID, memberList });
  for (const client of all) {
    await client.next(EVENT.GROUP_LIST_UPDATED, (list) => list.some((one) => one.groupID === groupID));
    await client.open(`GROUP${groupID}`);
  }
  return all;
}

test('two tabs of an account show the same', async () => {
  const [one, other, ben] = await clients([['ann'], ['ann'], ['ben']], 'tabs');
  await one.send('tabs', 'from one tab');
  assert.equal((await other.received('from one tab')).flow, 'out');
  await other.send('tabs', 'from the other');
  await one.received('from the other');
  const asked = await ben.send('tabs', 'a question');
  await Promise.all([one, other].map((tab) => tab.received('a question')));
  const unread = async (tab) => (await tab.chat.getConversationProfile('GROUPtabs')).data.conversation.unreadCount;
  assert.deepEqual([await unread(one), await unread(other)], [1, 1]);
  other.forget(EVENT.TOTAL_UNREAD_MESSAGE_COUNT_UPDATED);
  await one.chat.setMessageRead({ conversationID: 'GROUPtabs' });
  assert.equal(await other.next(EVENT.TOTAL_UNREAD_MESSAGE_COUNT_UPDATED), 0);
  assert.equal(await unread(other), 0);
  await ben.chat.revokeMessage(asked);
  await Promise.all([one, other].map((tab) => tab.next(EVENT.MESSAGE_REVOKED)));
  await other.chat.pinConversation({ conversationID: 'GROUPtabs', isPinned: true });
  await one.next(EVENT.CONVERSATION_LIST_UPDATED, (list) => list[0]?.isPinned);
  const history = await server.history('tabs');
  for (const client of [one, other, ben]) assert.deepEqual(client.shown('tabs'), history);
});

test('a device that was off has what the other one sent, got and read', async () => {
  const proxy = await Proxy.before(server);
  const [phone, desk, ben] = await clients([['ann'], ['ann', proxy.address], ['ben']], 'devices');
  await ben.send('ann', 'before', TYPES.CONV_C2C);
  await desk.received('before');
  proxy.cut();
  await desk.next(EVENT.NET_STATE_CHANGE, ({ state }) => state === 'disconnected');
  await phone.send('devices', 'from the phone');
  await ben.send('devices', 'to both');
  await phone.send('ben', 'direct', TYPES.CONV_C2C);
  await ben.received('direct');
  await ben.send('ann', 'an answer', TYPES.CONV_C2C);
  await phone.received('an answer');
  for (const conversationID of ['GROUPdevices', 'C2Cben']) await phone.chat.setMessageRead({ conversationID });
  proxy.mend();
  await Promise.all(['from the phone', 'to both', 'direct', 'an answer'].map((text) => desk.received(text)));
  const history = await server.history('devices');
  for (const client of [phone, desk, ben]) assert.deepEqual(client.shown('devices'), history);
  const { data } = await desk.chat.getMessageList({ conversationID: 'C2Cben' });
  assert.deepEqual(data.messageList.map((message) => message.payload.text), ['before', 'direct', 'an answer']);
  assert.equal(desk.chat.getTotalUnreadMessageCount(), 0);
});

test('networks that fail again and again lose and repeat nothing', { timeout: 4 * PATIENCE }, async () => {
  const proxies = [await Proxy.before(server), await Proxy.before(server)];
  const all = await clients([['ann', proxies[0].address], ['ann', proxies[1].address], ['ben']], 'storm');
  // Random, and the same in each run.
  let state = 42;
  const random = (below) => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  const send = async (client, text) => {
    try {
      await client.send('storm', text);
    } catch (error) {
      assert.ok([2800, 2805].includes(error.code), `${error.code}: ${error.message}`);
      await client.connected();
      await resend(client, error.data.message);
    }
  };
  const resend = async (client, message) => {
    for (;;) {
      try {
        return await client.chat.resendMessage(message);
      } catch (error) {
        assert.ok([2800, 2805].includes(error.code), `${error.code}: ${error.message}`);
        await client.connected();
      }
    }
  };
  for (let round = 0; round < 6; round += 1) {
    const broken = proxies[random(2)];
    const sending = all.map((client, index) => send(client, `round ${round} of client ${index}`));
    if (random(2) === 0) await broken.swallow(random(2) === 0 ? 'client' : 'server');
    broken.cut();
    broken.mend();
    await Promise.all(sending);
  }
  await all[2].send('storm', 'the end');
  await Promise.all(all.slice(0, 2).map((client) => client.received('the end')));
  const history = await server.history('storm');
  assert.equal(history.length, 6 * 3 + 1);
  for (const client of all) assert.deepEqual(client.shown('storm'), history);
});
