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

const unread = async (client) => {
  const { data } = await client.chat.getConversationList();
  return Object.fromEntries(data.conversationList.map((one) => [one.conversationID, one.unreadCount]));
};

test('everything is read at once, or everything of one kind', async () => {
  await ann.send('club', 'to all');
  await ann.send('ben', 'to you', TYPES.CONV_C2C);
  await ben.received('to all');
  await ben.received('to you');
  assert.deepEqual(await unread(ben), { GROUPclub: 1, C2Cann: 1 });
  assert.equal(ben.chat.getTotalUnreadMessageCount(), 2);
  await ben.chat.setAllMessageRead({ scope: TYPES.READ_ALL_C2C_MSG });
  assert.deepEqual(await unread(ben), { GROUPclub: 1, C2Cann: 0 });
  await ben.chat.setAllMessageRead();
  assert.deepEqual(await unread(ben), { GROUPclub: 0, C2Cann: 0 });
  const later = await server.client('ben');
  assert.deepEqual(await unread(later), { GROUPclub: 0, C2Cann: 0 });
  await later.close();
});

test('groups of conversations are filled, emptied and deleted', async () => {
  await ben.chat.createConversationGroup({ groupName: 'work', conversationIDList: ['C2Cann'] });
  const put = await ben.chat.addConversationsToGroup({ groupName: 'work', conversationIDList: ['GROUPclub'] });
  assert.deepEqual(put.data.successConversationIDList, ['GROUPclub']);
  const within = async () => {
    const { data } = await ben.chat.getConversationList({ groupName: 'work' });
    return data.conversationList.map((one) => one.conversationID).sort();
  };
  assert.deepEqual(await within(), ['C2Cann', 'GROUPclub']);
  const taken = await ben.chat.deleteConversationsFromGroup({ groupName: 'work', conversationIDList: ['C2Cann'] });
  assert.deepEqual(taken.data.successConversationIDList, ['C2Cann']);
  assert.deepEqual(await within(), ['GROUPclub']);
  const later = await server.client('ben');
  const { data } = await later.chat.getConversationProfile('GROUPclub');
  assert.deepEqual(data.conversation.conversationGroupList, ['work']);
  await later.close();
  await ben.chat.deleteConversationGroup('work');
  assert.deepEqual((await ben.chat.getConversationGroupList()).data.groupNameList, []);
  assert.deepEqual(await within(), []);
});

test('a group that does not notify does not count', async () => {
  const set = await ben.chat.setMessageRemindType({ groupID: 'club', messageRemindType: TYPES.MSG_REMIND_ACPT_NOT_NOTE });
  assert.equal(set.data.group.selfInfo.messageRemindType, TYPES.MSG_REMIND_ACPT_NOT_NOTE);
  await ann.send('club', 'quietly');
  await ben.received('quietly');
  assert.equal((await unread(ben)).GROUPclub, 1);
  assert.equal(ben.chat.getTotalUnreadMessageCount(), 0);
  const later = await server.client('ben');
  const { data } = await later.chat.getConversationProfile('GROUPclub');
  assert.equal(data.conversation.messageRemindType, TYPES.MSG_REMIND_ACPT_NOT_NOTE);
  await later.close();
  const users = await ben.chat.setMessageRemindType({ userIDList: ['ann'], messageRemindType: TYPES.MSG_REMIND_DISCARD });
  assert.deepEqual(users.data.failureUserList.map(({ userID, code }) => [userID, code]), [['ann', 3122]]);
});

test('what a topic has that is unread is known before anything comes, and read', async () => {
  const made = await ann.chat.createGroup({ type: TYPES.GRP_COMMUNITY, name: 'City', isSupportTopic: true });
  const { groupID } = made.data.group;
  const { data } = await ann.chat.createTopicInCommunity({ groupID, topicName: 'parks' });
  const conversationID = `GROUP${data.topicID}`;
  await ben.chat.joinGroup({ groupID });
  await ann.send(data.topicID, 'trees');
  await ben.received('trees');
  const later = await server.client('ben');
  const topics = () => later.chat.getTopicList({ groupID }).then((result) => result.data.successTopicList);
  assert.deepEqual((await topics()).map((topic) => topic.unreadCount), [1]);
  const communities = await later.chat.getJoinedCommunityList();
  assert.deepEqual(communities.data.groupList.map((group) => group.groupID), [groupID]);
  assert.ok(!(conversationID in (await unread(later))), 'a topic is listed when it is opened');
  await later.chat.setMessageRead({ conversationID });
  assert.deepEqual((await topics()).map((topic) => topic.unreadCount), [0]);
  await later.close();
});

test('the last message of a one-to-one conversation is known once its history is read', async () => {
  await ann.send('ben', 'the last one', TYPES.CONV_C2C);
  await ben.received('the last one');
  const later = await server.client('ben');
  await later.chat.getMessageList({ conversationID: 'C2Cann', count: 1 });
  const { data } = await later.chat.getConversationProfile('C2Cann');
  assert.equal(data.conversation.lastMessage.messageForShow, 'the last one');
  await later.close();
});
