import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EVENT, TYPES } from '../dist/index.js';
import { Client, Server } from './harness.mjs';

let server;
before(async () => {
  server = await Server.start();
  await server.rest('im_open_login_svc/multiaccount_import', {
    AccountList: [{ UserID: 'hana', Nick: 'Hana' }, { UserID: 'ivo', Nick: 'Ivo' }, { UserID: 'mei' }],
  });
  await server.rest('group_open_http_svc/import_group', {
    Type: 'Public',
    Name: 'Book club',
    GroupId: 'club',
    Owner_Account: 'hana',
    MemberList: [{ Member_Account: 'ivo' }],
  });
});
after(() => server.stop());

test('methods reject before the login and before the lists are read', async () => {
  const client = new Client(server);
  await assert.rejects(client.chat.getGroupList(), { code: 2024 });
  await assert.rejects(client.chat.createTextMessage({}), { code: 2024 });
  await assert.rejects(client.chat.login({ userID: 'hana', userSig: 'none' }), { code: 70003 });
  assert.equal(client.chat.getLoginUser(), '');
  assert.equal(client.chat.isReady(), false);
});

test('ready comes before the lists, each of which comes once', async () => {
  const client = await server.client('hana');
  await client.next(EVENT.CONVERSATION_LIST_UPDATED);
  const order = client.events.map((event) => event.name).filter((name) => name !== EVENT.NET_STATE_CHANGE);
  assert.deepEqual(order.slice(0, 3), [EVENT.SDK_READY, EVENT.GROUP_LIST_UPDATED, EVENT.CONVERSATION_LIST_UPDATED]);
  const again = await client.chat.login({ userID: 'hana', userSig: 'any' });
  assert.equal(again.data.repeatLogin, true);
  const { data } = await client.chat.getGroupList();
  assert.ok(data.groupList.some((group) => group.name === 'Book club'));
  await client.close();
});

test('a message reaches others once, and not the instance that sent it', async () => {
  const [hana, other, ivo] = await Promise.all(['hana', 'hana', 'ivo'].map((user) => server.client(user)));
  const sent = await hana.send('club', 'Friday?');
  assert.equal(sent.status, 'success');
  const got = await ivo.received('Friday?');
  assert.equal(got.ID, sent.ID);
  assert.equal(got.flow, 'in');
  assert.equal(got.sequence, sent.sequence);
  const own = await other.received('Friday?');
  assert.equal(own.flow, 'out');
  await ivo.send('club', 'Sunday');
  await hana.received('Sunday');
  const texts = (client) => client.named(EVENT.MESSAGE_RECEIVED).flat().map((message) => message.payload.text);
  assert.deepEqual(texts(hana), ['Sunday']);
  assert.deepEqual(texts(ivo), ['Friday?']);
  const { data } = await ivo.chat.getConversationProfile('GROUPclub');
  assert.equal(data.conversation.unreadCount, 1);
  await ivo.chat.setMessageRead({ conversationID: 'GROUPclub' });
  assert.equal(data.conversation.unreadCount, 0);
  assert.equal(ivo.chat.getTotalUnreadMessageCount(), 0);
  await Promise.all([hana, other, ivo].map((client) => client.close()));
});

test('accounts write to each other, see what was read, and recall', async () => {
  const [hana, ivo] = await Promise.all(['hana', 'ivo'].map((user) => server.client(user)));
  const sent = await hana.send('ivo', 'Hello', TYPES.CONV_C2C);
  const got = await ivo.received('Hello');
  assert.equal(got.conversationID, 'C2Chana');
  assert.equal(got.ID, sent.ID);
  await ivo.chat.setMessageRead({ conversationID: 'C2Chana' });
  const [read] = await hana.next(EVENT.MESSAGE_READ_BY_PEER);
  assert.equal(read, sent);
  assert.equal(sent.isPeerRead, true);
  await hana.chat.revokeMessage(sent);
  const [recalled] = await ivo.next(EVENT.MESSAGE_REVOKED);
  assert.equal(recalled, got);
  assert.equal(got.isRevoked, true);
  const page = await ivo.chat.getMessageList({ conversationID: 'C2Chana' });
  assert.equal(page.data.messageList.length, 1);
  assert.equal(page.data.messageList[0].isRevoked, true);
  await Promise.all([hana.close(), ivo.close()]);
});

test('messages are changed and refused with the code of the server', async () => {
  const [hana, ivo, mei] = await Promise.all(['hana', 'ivo', 'mei'].map((user) => server.client(user)));
  const sent = await hana.send('club', 'teh', 'GROUP');
  await ivo.received('teh');
  sent.payload.text = 'the';
  await hana.chat.modifyMessage(sent);
  const [changed] = await ivo.next(EVENT.MESSAGE_MODIFIED);
  assert.equal(changed.payload.text, 'the');
  const refused = mei.chat.createTextMessage({ to: 'club', conversationType: 'GROUP', payload: { text: 'no' } });
  await assert.rejects(mei.chat.sendMessage(refused), (error) => {
    assert.equal(error.code, 10007);
    assert.equal(error.data.message, refused);
    assert.equal(refused.status, 'fail');
    return true;
  });
  await Promise.all([hana, ivo, mei].map((client) => client.close()));
});

test('all kinds of elements arrive as they were given', async () => {
  const [hana, ivo] = await Promise.all(['hana', 'ivo'].map((user) => server.client(user)));
  const to = { to: 'club', conversationType: 'GROUP' };
  const custom = hana.chat.createCustomMessage({ ...to, payload: { data: 'd', description: 'e', extension: 'x' } });
  const face = hana.chat.createFaceMessage({ ...to, payload: { index: 2, data: 'smile' } });
  const place = hana.chat.createLocationMessage({ ...to, payload: { description: 'here', longitude: 1.5, latitude: -2 } });
  for (const message of [custom, face, place]) await hana.chat.sendMessage(message);
  const merger = hana.chat.createMergerMessage({
    ...to,
    payload: { messageList: [custom, face], title: 'Two', abstractList: ['a', 'b'], compatibleText: 'old' },
  });
  await hana.chat.sendMessage(merger);
  const got = await ivo.next(EVENT.MESSAGE_RECEIVED, ([message]) => message.type === TYPES.MSG_MERGER);
  const all = ivo.named(EVENT.MESSAGE_RECEIVED).flat();
  assert.deepEqual(all[0].payload, custom.payload);
  assert.deepEqual(all[1].payload, face.payload);
  assert.deepEqual(all[2].payload, place.payload);
  assert.equal(got[0].payload.messageList.length, 2);
  assert.deepEqual(got[0].payload.messageList[0].messageBody[0].payload, custom.payload);
  const forward = ivo.chat.createForwardMessage({ to: 'hana', conversationType: 'C2C', payload: all[1] });
  await ivo.chat.sendMessage(forward);
  const [back] = await hana.next(EVENT.MESSAGE_RECEIVED, ([message]) => message.conversationType === 'C2C');
  assert.deepEqual(back.payload, face.payload);
  await Promise.all([hana.close(), ivo.close()]);
});

test('a recalled message keeps its place, its sender and who recalled it in a history that is read again', async () => {
  const [hana, ivo] = await Promise.all(['hana', 'ivo'].map((user) => server.client(user)));
  const sent = await hana.send('club', 'too fast');
  await hana.send('club', 'slower');
  await ivo.received('slower');
  await hana.chat.revokeMessage(sent);
  await ivo.next(EVENT.MESSAGE_REVOKED);
  const later = await server.client('ivo');
  for (const [client, flow] of [[hana, 'out'], [ivo, 'in'], [later, 'in']]) {
    const { messageList } = (await client.chat.getMessageList({ conversationID: 'GROUPclub' })).data;
    const [recalled, next] = messageList.slice(-2);
    assert.equal(next.payload.text, 'slower');
    const { from, nick, time, revoker, isRevoked } = recalled;
    assert.deepEqual({ from, nick, time, revoker, isRevoked, flow: recalled.flow }, {
      from: 'hana',
      nick: 'Hana',
      time: sent.time,
      revoker: 'hana',
      isRevoked: true,
      flow,
    });
    assert.equal(messageList.filter((message) => message.sequence === sent.sequence).length, 1);
  }
  await Promise.all([hana, ivo, later].map((client) => client.close()));
});
