import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EVENT, TYPES } from '../dist/index.js';
import { Server } from './harness.mjs';

let server;
let ann;
let ben;
before(async () => {
  server = await Server.start();
  [ann, ben] = await Promise.all(['ann', 'ben'].map((user) => server.client(user)));
  const memberList = [{ userID: 'ben' }];
  await ann.chat.createGroup({ type: TYPES.GRP_PUBLIC, name: 'Club', groupID: 'club', memberList });
  await ben.next(EVENT.GROUP_LIST_UPDATED, (list) => list.some((group) => group.groupID === 'club'));
});
after(async () => {
  await Promise.all([ann.close(), ben.close()]);
  await server.stop();
});

const texts = async (client, conversationID) => {
  const { data } = await client.chat.getMessageList({ conversationID });
  return data.messageList.map((message) => message.payload.text);
};

test('who has read a message of a group is told, counted and listed', async () => {
  const sent = await ann.send('club', 'Friday?', 'GROUP', { needReadReceipt: true });
  const got = await ben.received('Friday?');
  assert.equal(got.needReadReceipt, true);
  const unread = await ann.chat.getGroupMessageReadMemberList({ message: sent, filter: 1 });
  assert.deepEqual(unread.data.unreadUserIDList, ['ben']);
  await ben.chat.sendMessageReadReceipt([got]);
  const [told] = await ann.next(EVENT.MESSAGE_READ_RECEIPT_RECEIVED);
  assert.deepEqual([told.messageID, told.readCount, told.unreadCount], [sent.ID, 1, 0]);
  const { data } = await ann.chat.getMessageReadReceiptList([sent]);
  assert.equal(data.messageList[0], sent);
  assert.deepEqual([sent.readReceiptInfo.readCount, sent.readReceiptInfo.unreadCount], [1, 0]);
  const read = await ann.chat.getGroupMessageReadMemberList({ message: sent });
  assert.deepEqual([read.data.readUserIDList, read.data.isCompleted], [['ben'], true]);
  const plain = await ann.send('club', 'plain');
  await assert.rejects(ben.chat.sendMessageReadReceipt([plain]), { code: 2114 });
});

test('whether the other account has confirmed a message is told', async () => {
  const sent = await ann.send('ben', 'And you?', TYPES.CONV_C2C, { needReadReceipt: true });
  const got = await ben.received('And you?');
  await ben.chat.sendMessageReadReceipt([got]);
  const [told] = await ann.next(EVENT.MESSAGE_READ_RECEIPT_RECEIVED, ([one]) => one.userID === 'ben');
  assert.deepEqual([told.messageID, told.isPeerRead], [sent.ID, true]);
  const { data } = await ann.chat.getMessageReadReceiptList([sent]);
  assert.equal(data.messageList[0].readReceiptInfo.isPeerRead, true);
});

test('members put keys and values on a message, and take them off', async () => {
  const sent = await ann.send('club', 'Who comes?', 'GROUP', { isSupportExtension: true });
  const got = await ben.received('Who comes?');
  assert.equal(got.isSupportExtension, true);
  const set = await ben.chat.setMessageExtensions(got, [{ key: 'ben', value: 'yes' }, { key: 'cake', value: 'no' }]);
  assert.deepEqual(set.data.extensions.map(({ code, key }) => [code, key]), [[0, 'ben'], [0, 'cake']]);
  const told = await ann.next(EVENT.MESSAGE_EXTENSIONS_UPDATED);
  assert.deepEqual(told, {
    messageID: sent.ID,
    extensions: [{ key: 'ben', value: 'yes' }, { key: 'cake', value: 'no' }],
  });
  const all = await ann.chat.getMessageExtensions(sent);
  assert.deepEqual(all.data.extensions, [{ key: 'ben', value: 'yes' }, { key: 'cake', value: 'no' }]);
  const one = await ann.chat.getMessageExtensions(sent, ['ben']);
  assert.deepEqual(one.data.extensions, [{ key: 'ben', value: 'yes' }]);
  await ann.chat.deleteMessageExtensions(sent, ['cake']);
  const gone = await ben.next(EVENT.MESSAGE_EXTENSIONS_DELETED);
  assert.deepEqual(gone, { messageID: got.ID, keyList: ['cake'] });
  assert.deepEqual((await ben.chat.getMessageExtensions(got)).data.extensions, [{ key: 'ben', value: 'yes' }]);
});

test('a message that names members shows in their lists until it is read', async () => {
  const message = ann.chat.createTextAtMessage({
    to: 'club',
    conversationType: TYPES.CONV_GROUP,
    payload: { text: '@ben, everybody', atUserList: ['ben', TYPES.MSG_AT_ALL] },
  });
  await ann.chat.sendMessage(message);
  const got = await ben.received('@ben, everybody');
  assert.deepEqual([...got.atUserList].sort(), [...message.atUserList].sort());
  const { data } = await ben.chat.getConversationProfile('GROUPclub');
  const [at] = data.conversation.groupAtInfoList;
  assert.deepEqual([at.from, at.messageSequence, at.atTypeArray], ['ann', message.sequence, [TYPES.CONV_AT_ALL_AT_ME]]);
  await ben.chat.setMessageRead({ conversationID: 'GROUPclub' });
  assert.deepEqual(data.conversation.groupAtInfoList, []);
  const alone = { to: 'ben', conversationType: TYPES.CONV_C2C, payload: { text: '@ben', atUserList: ['ben'] } };
  assert.throws(() => ann.chat.createTextAtMessage(alone), { code: 2106 });
});

test('an account deletes messages and histories for itself alone', async () => {
  for (const text of ['one', 'two', 'three']) {
    await ann.send('ben', text, TYPES.CONV_C2C);
    await ben.received(text);
  }
  const { data } = await ben.chat.getMessageList({ conversationID: 'C2Cann' });
  const two = data.messageList.find((message) => message.payload.text === 'two');
  const deleted = await ben.chat.deleteMessage([two]);
  assert.equal(deleted.data.messageList[0].isDeleted, true);
  assert.ok(!(await texts(ben, 'C2Cann')).includes('two'));
  assert.ok((await texts(ann, 'C2Cben')).includes('two'));
  await ben.chat.clearHistoryMessage('C2Cann');
  assert.deepEqual(await texts(ben, 'C2Cann'), []);
  assert.ok((await texts(ann, 'C2Cben')).includes('three'));
  const { data: ofGroup } = await ben.chat.getMessageList({ conversationID: 'GROUPclub' });
  const said = ofGroup.messageList.filter((message) => message.type === TYPES.MSG_TEXT);
  await assert.rejects(ben.chat.deleteMessage([said[0]]), { code: 3122 });
  await assert.rejects(ben.chat.clearHistoryMessage('GROUPclub'), { code: 3122 });
});

test('a forwarded history is there without a download', async () => {
  const first = await ann.send('club', 'first');
  const merger = ann.chat.createMergerMessage({
    to: 'ben',
    conversationType: TYPES.CONV_C2C,
    payload: { messageList: [first], title: 'Club', abstractList: ['ann: first'], compatibleText: 'a history' },
  });
  await ann.chat.sendMessage(merger);
  const [got] = await ben.next(EVENT.MESSAGE_RECEIVED, ([message]) => message.type === TYPES.MSG_MERGER);
  const whole = await ben.chat.downloadMergerMessage(got);
  assert.equal(whole.payload.messageList[0].messageBody[0].payload.text, 'first');
});

test('a recalled message keeps its place, its sender and its time in a history', async () => {
  const sent = await ann.send('club', 'too early');
  await ben.received('too early');
  await ann.chat.revokeMessage(sent);
  await ben.next(EVENT.MESSAGE_REVOKED);
  const later = await server.client('ben');
  const { data } = await later.chat.getMessageList({ conversationID: 'GROUPclub' });
  const found = data.messageList.find((message) => message.sequence === sent.sequence);
  assert.deepEqual([found.ID, found.from, found.time, found.isRevoked], [sent.ID, 'ann', sent.time, true]);
  assert.equal(found.revoker, 'ann');
  const list = await later.chat.getConversationProfile('GROUPclub');
  assert.deepEqual([list.data.conversation.lastMessage.lastTime, list.data.conversation.lastMessage.isRevoked], [sent.time, true]);
  await later.close();
});
