// A connection that is lost: in the middle of a send, and while things happen that the client must learn of afterwards.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EVENT, TYPES } from '../dist/index.js';
import { Proxy, Server } from './harness.mjs';

let server;
let proxy;
let ann;
let ben;

before(async () => {
  server = await Server.start();
  proxy = await Proxy.before(server);
  [ann, ben] = [await server.client('ann'), await server.client('ben', proxy.address)];
});
after(() => server.stop());

/** A new group of Ann and Ben, open at both. */
async function group(groupID, type = TYPES.GRP_PUBLIC) {
  await ann.chat.createGroup({ type, name: groupID, groupID, memberList: [{ userID: 'ben' }] });
  await ben.next(EVENT.GROUP_LIST_UPDATED, (list) => list.some((one) => one.groupID === groupID));
  for (const client of [ann, ben]) await client.open(`GROUP${groupID}`);
}

const lost = (client) => client.next(EVENT.NET_STATE_CHANGE, ({ state }) => state === 'disconnected');

/** Cuts the connection of Ben while something is done. */
async function away(work) {
  ben.forget(EVENT.NET_STATE_CHANGE);
  proxy.cut();
  await lost(ben);
  await work();
  proxy.mend();
}

const rejected = (promise) => assert.rejects(promise, (error) => [2800, 2805].includes(error.code) && error.data.message.status === 'fail');

test('a message that was cut off before the server had it is sent again', async () => {
  await group('before');
  ben.forget(EVENT.NET_STATE_CHANGE);
  const gone = proxy.swallow('client');
  const sending = ben.send('before', 'hello');
  await gone;
  proxy.cut();
  await rejected(sending);
  proxy.mend();
  await ben.next(EVENT.NET_STATE_CHANGE, ({ state }) => state === 'connected');
  await ann.send('before', 'meanwhile');
  await ben.received('meanwhile');
  await ben.chat.resendMessage(ben.sent.at(-1));
  await ann.received('hello');
  const all = await server.history('before');
  assert.deepEqual(all.map(([, text]) => text), ['meanwhile', 'hello']);
  for (const client of [ann, ben]) assert.deepEqual(client.shown('before'), all);
});

test('a message whose answer was cut off is there once, whether it is sent again or not', async () => {
  await group('after');
  for (const [text, again] of [['sent again', true], ['left alone', false]]) {
    ben.forget(EVENT.NET_STATE_CHANGE);
    const gone = proxy.swallow('server');
    const sending = ben.send('after', text);
    await gone;
    await ann.received(text);
    proxy.cut();
    await rejected(sending);
    proxy.mend();
    await ann.send('after', `after ${text}`);
    await ben.received(`after ${text}`);
    const message = ben.sent.at(-1);
    assert.equal(message.status, 'success');
    if (again) {
      const { sequence } = message;
      await ben.chat.resendMessage(message);
      assert.equal(message.sequence, sequence);
    }
  }
  const all = await server.history('after');
  assert.deepEqual(all.map(([, text]) => text), ['sent again', 'after sent again', 'left alone', 'after left alone']);
  for (const client of [ann, ben]) assert.deepEqual(client.shown('after'), all);
});

test('so is a message between two accounts', async () => {
  await ann.send('ben', 'hi', TYPES.CONV_C2C);
  await ben.received('hi');
  ben.forget(EVENT.NET_STATE_CHANGE);
  const gone = proxy.swallow('server');
  const sending = ben.send('ann', 'yes?', TYPES.CONV_C2C);
  await gone;
  await ann.received('yes?');
  proxy.cut();
  await rejected(sending);
  proxy.mend();
  await ann.send('ben', 'news', TYPES.CONV_C2C);
  await ben.received('news');
  assert.equal(ben.sent.at(-1).status, 'success');
  await ben.chat.resendMessage(ben.sent.at(-1));
  const { data } = await ben.chat.getMessageList({ conversationID: 'C2Cann' });
  assert.deepEqual(data.messageList.map((message) => message.payload.text), ['hi', 'yes?', 'news']);
  assert.equal(ann.named(EVENT.MESSAGE_RECEIVED).flat().filter((message) => message.payload.text === 'yes?').length, 1);
});

test('groups that were left and joined meanwhile are gone and there', async () => {
  for (const id of ['dissolved', 'kicked', 'stays']) await group(id);
  await away(async () => {
    await ann.chat.dismissGroup('dissolved');
    await ann.chat.deleteGroupMember({ groupID: 'kicked', userIDList: ['ben'] });
    await ann.chat.createGroup({ type: TYPES.GRP_PUBLIC, name: 'fresh', groupID: 'fresh', memberList: [{ userID: 'ben' }] });
  });
  await ben.next(EVENT.GROUP_LIST_UPDATED, (list) => list.some((one) => one.groupID === 'fresh'));
  const ids = (list) => list.map((one) => one.groupID).filter((id) => ['dissolved', 'kicked', 'stays', 'fresh'].includes(id));
  assert.deepEqual(ids((await ben.chat.getGroupList()).data.groupList).sort(), ['fresh', 'stays']);
  const { conversationList } = (await ben.chat.getConversationList()).data;
  assert.ok(!conversationList.some((one) => ['GROUPdissolved', 'GROUPkicked'].includes(one.conversationID)));
});

test('what was recalled and changed meanwhile is so in open conversations', async () => {
  await group('changes');
  const sent = [];
  for (const text of ['stays', 'is recalled', 'is changed']) sent.push(await ann.send('changes', text));
  const peer = [];
  for (const text of ['recalled too', 'changed too']) peer.push(await ann.send('ben', text, TYPES.CONV_C2C));
  const own = await ben.send('ann', 'is read', TYPES.CONV_C2C, { needReadReceipt: true });
  const got = await Promise.all(['stays', 'is recalled', 'is changed', 'recalled too', 'changed too'].map((text) => ben.received(text)));
  await away(async () => {
    for (const message of [sent[1], peer[0]]) await ann.chat.revokeMessage(message);
    for (const message of [sent[2], peer[1]]) {
      message.payload.text = 'another text';
      await ann.chat.modifyMessage(message);
    }
    await ann.chat.sendMessageReadReceipt([await ann.received('is read')]);
  });
  // The conversations are looked at side by side.
  for (const message of [got[1], got[3]]) await ben.next(EVENT.MESSAGE_REVOKED, ([one]) => one.ID === message.ID);
  for (const message of [got[2], got[4]]) await ben.next(EVENT.MESSAGE_MODIFIED, ([one]) => one.ID === message.ID);
  const [receipt] = await ben.next(EVENT.MESSAGE_READ_RECEIPT_RECEIVED);
  assert.equal(receipt.messageID, own.ID);
  assert.deepEqual(got.map((message) => message.isRevoked), [false, true, false, true, false]);
  assert.deepEqual([got[2].payload.text, got[4].payload.text], ['another text', 'another text']);
  assert.equal(ben.named(EVENT.MESSAGE_REVOKED).flat().length, 2);
  assert.equal(ben.named(EVENT.MESSAGE_MODIFIED).flat().length, 2);
  assert.equal(own.isPeerRead, true);
  assert.deepEqual(ben.shown('changes'), await server.history('changes'));
});

test('a live group is entered again', async () => {
  await ann.chat.createGroup({ type: TYPES.GRP_AVCHATROOM, name: 'live', groupID: 'live' });
  for (const client of [ann, ben]) await client.chat.joinGroup({ groupID: 'live' });
  await ann.send('live', 'seen');
  await ben.received('seen');
  await away(() => ann.send('live', 'unseen'));
  // The client is there again when its own message is accepted.
  await ben.next(EVENT.NET_STATE_CHANGE, ({ state }) => state === 'connected');
  await ben.send('live', 'back');
  await ann.received('back');
  await ann.send('live', 'welcome');
  await ben.received('welcome');
  const texts = ben.named(EVENT.MESSAGE_RECEIVED).flat().filter((one) => one.to === 'live').map((one) => one.payload.text);
  assert.deepEqual(texts, ['seen', 'welcome']);
});

test('many open conversations are caught up on at once', async () => {
  const ids = Array.from({ length: 60 }, (_, number) => `many${number}`);
  for (const id of ids) await group(id);
  await away(async () => {
    for (const id of ids) await ann.send(id, `to ${id}`);
  });
  await Promise.all(ids.map((id) => ben.received(`to ${id}`)));
  for (const id of ids) assert.deepEqual(ben.shown(id), await server.history(id));
});
