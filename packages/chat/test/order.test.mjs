// What an app hears, and when: ready before lists, one event for each thing, none for a message that the instance sent itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EVENT, TYPES } from '../dist/index.js';
import { Client, Server } from './harness.mjs';

let server;
let ann;
let ben;
let fences = 0;

before(async () => {
  server = await Server.start();
  [ann, ben] = await Promise.all(['ann', 'ben'].map((user) => server.client(user)));
  await server.client('cy').then((cy) => cy.close());
  await ann.chat.createGroup({
    type: TYPES.GRP_PUBLIC,
    name: 'Club',
    groupID: 'club',
    memberList: [{ userID: 'ben' }, { userID: 'cy' }],
  });
  await ben.next(EVENT.GROUP_LIST_UPDATED, (list) => list.some((group) => group.groupID === 'club'));
});
after(() => server.stop());

/** Events that only say that a list looks otherwise; they may come together for several things. */
const LISTS = new Set([EVENT.CONVERSATION_LIST_UPDATED, EVENT.TOTAL_UNREAD_MESSAGE_COUNT_UPDATED]);

/** What Ann and Ben hear until messages to the group and to both, which are sent after `work`, have arrived. */
async function heard(work) {
  const from = [ann.events.length, ben.events.length];
  await work();
  const fence = (to) => ({
    From_Account: 'cy',
    MsgBody: [{ MsgType: 'TIMTextElem', MsgContent: { Text: `fence ${fences} ${to}` } }],
  });
  fences += 1;
  await server.rest('group_open_http_svc/send_group_msg', { GroupId: 'club', Random: fences, ...fence('club') });
  for (const To_Account of ['ann', 'ben']) {
    await server.rest('openim/sendmsg', { To_Account, MsgRandom: fences, ...fence('direct') });
  }
  return Promise.all(
    [ann, ben].map(async (client, index) => {
      for (const to of ['club', 'direct']) await client.received(`fence ${fences} ${to}`);
      const isFence = ({ name, data }) => name === EVENT.MESSAGE_RECEIVED && data[0].from === 'cy';
      const names = client.events
        .slice(from[index])
        .filter((event) => !LISTS.has(event.name) && !isFence(event))
        .map((event) => event.name);
      return names.sort();
    }),
  );
}

test('each thing is one event, and no instance hears what it sent', async () => {
  let sent;
  let got;
  const { MESSAGE_RECEIVED, MESSAGE_MODIFIED, MESSAGE_REVOKED, MESSAGE_READ_RECEIPT_RECEIVED, GROUP_LIST_UPDATED } = EVENT;
  const things = [
    ['a message', async () => (sent = await ann.send('club', 'one', 'GROUP', { needReadReceipt: true })), [], [MESSAGE_RECEIVED]],
    [
      'a receipt',
      async () => ben.chat.sendMessageReadReceipt([(got = await ben.received('one'))]),
      [MESSAGE_READ_RECEIPT_RECEIVED],
      [],
    ],
    [
      'a change',
      () => {
        sent.payload.text = 'two';
        return ann.chat.modifyMessage(sent);
      },
      [MESSAGE_MODIFIED],
      [MESSAGE_MODIFIED],
    ],
    ['a recall', () => ann.chat.revokeMessage(sent), [MESSAGE_REVOKED], [MESSAGE_REVOKED]],
    ['a direct message', async () => (sent = await ann.send('ben', 'psst', TYPES.CONV_C2C)), [], [MESSAGE_RECEIVED]],
    ['its recall', () => ann.chat.revokeMessage(sent), [MESSAGE_REVOKED], [MESSAGE_REVOKED]],
    [
      'another name of the group, which all are told in its history',
      () => ann.chat.updateGroupProfile({ groupID: 'club', name: 'Book club' }),
      [MESSAGE_RECEIVED, GROUP_LIST_UPDATED],
      [MESSAGE_RECEIVED, GROUP_LIST_UPDATED],
    ],
    [
      'an attribute',
      () => ann.chat.setGroupAttributes({ groupID: 'club', groupAttributes: { a: '1' } }),
      [EVENT.GROUP_ATTRIBUTES_UPDATED],
      [EVENT.GROUP_ATTRIBUTES_UPDATED],
    ],
    ['an invitation by signal', () => ann.chat.invite({ userID: 'ben', data: 'call' }), [], [MESSAGE_RECEIVED]],
  ];
  for (const [what, work, ofAnn, ofBen] of things) {
    assert.deepEqual(await heard(work), [ofAnn.sort(), ofBen.sort()], what);
  }
  assert.equal(got.isRevoked, true);
});

test('a member that comes and goes is one tip for each other', async () => {
  const dan = await server.client('dan');
  const tips = { join: [EVENT.MESSAGE_RECEIVED], quit: [EVENT.MESSAGE_RECEIVED] };
  await ann.chat.updateGroupProfile({ groupID: 'club', joinOption: TYPES.JOIN_OPTIONS_FREE_ACCESS });
  await heard(() => {});
  assert.deepEqual(await heard(() => dan.chat.joinGroup({ groupID: 'club' })), [tips.join, tips.join]);
  assert.deepEqual(await heard(() => dan.chat.quitGroup('club')), [tips.quit, tips.quit]);
  await dan.close();
});

test('a client that logs in while others write is ready first, then has the lists, and every message once', async () => {
  const late = new Client(server);
  const said = Array.from({ length: 30 }, (_, number) => `while ${number}`);
  const writing = (async () => {
    for (const text of said) await ann.send('club', text);
  })();
  await late.login('cy');
  await late.open('GROUPclub');
  await writing;
  await ann.send('club', 'last');
  await late.received('last');
  const order = late.events.map((event) => event.name).filter((name) => name !== EVENT.NET_STATE_CHANGE);
  assert.deepEqual(order.slice(0, 3), [EVENT.SDK_READY, EVENT.GROUP_LIST_UPDATED, EVENT.CONVERSATION_LIST_UPDATED]);
  const { data } = await late.chat.getConversationProfile('GROUPclub');
  const history = await server.history('club');
  assert.equal(data.conversation.lastMessage.messageForShow, 'last');
  assert.equal(data.conversation.lastMessage.lastSequence, history.at(-1)[0]);
  // Cy never read the group: the first message was recalled, all others count.
  assert.equal(data.conversation.unreadCount, history.at(-1)[0] - data.conversation.groupProfile.selfInfo.readedSequence);
  await late.close();
});

test('the lists that are pushed are those that are answered', async () => {
  const again = await server.client('ben');
  const [pushed] = again.named(EVENT.CONVERSATION_LIST_UPDATED);
  const { data } = await again.chat.getConversationList();
  assert.deepEqual(pushed.map((one) => one.conversationID), data.conversationList.map((one) => one.conversationID));
  assert.deepEqual(again.named(EVENT.GROUP_LIST_UPDATED)[0], (await again.chat.getGroupList()).data.groupList);
  const peer = data.conversationList.find((one) => one.conversationID === 'C2Ccy');
  assert.match(peer.lastMessage.messageForShow, /^fence/);
  await again.close();
});
