import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EVENT } from '../dist/index.js';
import { PATIENCE, Proxy, Server } from './harness.mjs';

const AN_HOUR_AGO = Math.floor(Date.now() / 1000) - 3600;

let server;
before(async () => {
  server = await Server.start();
  for (const GroupId of ['readers', 'archive']) {
    await server.rest('group_open_http_svc/import_group', {
      Type: 'Public',
      Name: GroupId,
      GroupId,
      Owner_Account: 'ann',
      CreateTime: AN_HOUR_AGO,
    });
    await server.rest('group_open_http_svc/import_group_member', {
      GroupId,
      MemberList: [{ Member_Account: 'ben', JoinTime: AN_HOUR_AGO + 1 }],
    });
  }
});
after(() => server.stop());

const text = (Text) => [{ MsgType: 'TIMTextElem', MsgContent: { Text } }];

const say = (said) =>
  server.rest('group_open_http_svc/send_group_msg', {
    GroupId: 'readers',
    From_Account: 'ann',
    Random: Math.floor(Math.random() * 2 ** 32),
    MsgBody: text(said),
  });

let brought = 0;

/** Brings messages into the archive, silently. A group takes 40 messages a second from its members, and all from an import. */
async function bring(said) {
  for (let done = 0; done < said.length; done += 20) {
    const imported = await server.rest('group_open_http_svc/import_group_msg', {
      GroupId: 'archive',
      MsgList: said.slice(done, done + 20).map((one, number) => ({
        From_Account: 'ann',
        SendTime: AN_HOUR_AGO + 60,
        Random: (brought += 1),
        MsgBody: text(one),
      })),
    });
    assert.ok(imported.ImportMsgResult.every((row) => row.Result === 0));
  }
}

/** All texts of a conversation, read page by page from the newest. */
async function historyOf(client, conversationID) {
  const texts = [];
  for (let nextReqMessageID = ''; ; ) {
    const { data } = await client.chat.getMessageList({ conversationID, nextReqMessageID });
    texts.unshift(...data.messageList.map((message) => message.payload.text));
    if (data.isCompleted) return texts;
    nextReqMessageID = data.nextReqMessageID;
  }
}

test('a history is read page by page, each message once and in order', async () => {
  const said = Array.from({ length: 50 }, (_, number) => `m${number}`);
  await bring(said);
  const ben = await server.client('ben');
  assert.deepEqual(await historyOf(ben, 'GROUParchive'), said);
  const { data } = await ben.chat.getMessageListHopping({ conversationID: 'GROUParchive', sequence: 10, direction: 1, count: 5 });
  assert.deepEqual(data.messageList.map((message) => message.sequence), [10, 11, 12, 13, 14]);
  const older = await ben.chat.getMessageListHopping({ conversationID: 'GROUParchive', sequence: 10, direction: 0, count: 5 });
  assert.deepEqual(older.data.messageList.map((message) => message.sequence), [6, 7, 8, 9, 10]);
  await ben.close();
});

test('after a lost connection a client has what it missed, once and in order', async () => {
  const ben = await server.client('ben');
  await ben.chat.getMessageList({ conversationID: 'GROUPreaders' });
  await say('before');
  await ben.received('before');
  await server.kill();
  await ben.next(EVENT.NET_STATE_CHANGE, ({ state }) => state === 'disconnected');
  assert.equal(ben.chat.isReady(), true);
  await assert.rejects(ben.send('readers', 'lost'), (error) => [2800, 2805].includes(error.code));
  await server.restart();
  await say('meanwhile');
  await ben.received('meanwhile');
  await say('after');
  await ben.received('after');
  const texts = ben.named(EVENT.MESSAGE_RECEIVED).flat().map((message) => message.payload.text);
  assert.deepEqual(texts, ['before', 'meanwhile', 'after']);
  const { data } = await ben.chat.getConversationProfile('GROUPreaders');
  assert.equal(data.conversation.lastMessage.messageForShow, 'after');
  await ben.close();
});

test('a message that is sent again after a lost connection is there once', async () => {
  const ann = await server.client('ann');
  const message = ann.chat.createTextMessage({ to: 'readers', conversationType: 'GROUP', payload: { text: 'twice' } });
  await ann.chat.sendMessage(message);
  const { sequence } = message;
  await ann.chat.resendMessage(message);
  assert.equal(message.sequence, sequence);
  const all = await historyOf(ann, 'GROUPreaders');
  assert.equal(all.filter((text) => text === 'twice').length, 1);
  await ann.close();
});

test('a client that was away for thousands of messages has the history of the server', { timeout: 4 * PATIENCE }, async () => {
  const proxy = await Proxy.before(server);
  const ben = await server.client('ben', proxy.address);
  await ben.chat.getMessageList({ conversationID: 'GROUParchive' });
  proxy.cut();
  await ben.next(EVENT.NET_STATE_CHANGE, ({ state }) => state === 'disconnected');
  const many = Array.from({ length: 10_000 }, (_, number) => `t${number}`);
  await bring(many);
  proxy.mend();
  await ben.received(many.at(-1));
  const got = ben.named(EVENT.MESSAGE_RECEIVED).flat().map((message) => [message.sequence, message.payload.text]);
  assert.deepEqual(got.map(([, text]) => text), many);
  assert.deepEqual(got, (await server.history('archive')).slice(-many.length));
  await ben.close();
});

test('an account that is kicked is told, and not connected again', async () => {
  const cy = await server.client('cy');
  await server.rest('im_open_login_svc/kick', { UserID: 'cy', Identifier: 'cy' });
  assert.deepEqual(await cy.next(EVENT.KICKED_OUT), { type: 'REST_API_Kick' });
  await cy.next(EVENT.SDK_NOT_READY);
  assert.equal(cy.chat.isReady(), false);
  await assert.rejects(cy.chat.getGroupList(), { code: 2024 });
});

test('an account with 500 conversations opens in at most 5 round trips', async () => {
  const groups = Array.from({ length: 500 }, (_, number) => `g${number}`);
  for (let done = 0; done < groups.length; done += 50) {
    await Promise.all(
      groups.slice(done, done + 50).map((GroupId) =>
        server.rest('group_open_http_svc/import_group', {
          Type: 'Public',
          Name: GroupId,
          GroupId,
          Owner_Account: 'many',
        }),
      ),
    );
  }
  // What is sent after something was received begins another round trip.
  const Plain = globalThis.WebSocket;
  let trips = 0;
  let received = true;
  globalThis.WebSocket = class extends Plain {
    constructor(url) {
      super(url);
      this.addEventListener('message', () => (received = true));
    }

    send(data) {
      if (received) trips += 1;
      received = false;
      super.send(data);
    }
  };
  const started = performance.now();
  const client = await server.client('many');
  const took = performance.now() - started;
  globalThis.WebSocket = Plain;
  assert.ok(0 < trips && trips <= 5, `${trips} round trips`);
  const { data } = await client.chat.getConversationList();
  assert.equal(data.conversationList.filter((one) => one.type === 'GROUP').length, 500);
  console.log(`# 500 conversations were there after ${took.toFixed(0)} ms`);
  await client.close();
});
