import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EVENT, TYPES } from '../dist/index.js';
import { Server } from './harness.mjs';

let server;
let ann;
let ben;
let cy;
before(async () => {
  server = await Server.start();
  [ann, ben, cy] = await Promise.all(['ann', 'ben', 'cy'].map((user) => server.client(user)));
});
after(async () => {
  await Promise.all([ann, ben, cy].map((client) => client.close()));
  await server.stop();
});

test('lists of friends are filled and deleted, and the friends stay', async () => {
  for (const to of ['ben', 'cy']) await ann.chat.addFriend({ to, type: TYPES.SNS_ADD_TYPE_BOTH });
  const made = await ann.chat.createFriendGroup({ name: 'chess', userIDList: ['ben'] });
  assert.deepEqual(made.data.friendGroup, { name: 'chess', userIDList: ['ben'], count: 1 });
  const more = await ann.chat.addToFriendGroup({ name: 'chess', userIDList: ['cy'] });
  assert.deepEqual([...more.data.friendGroup.userIDList].sort(), ['ben', 'cy']);
  await ann.next(EVENT.FRIEND_GROUP_LIST_UPDATED, (list) => list.some((group) => group.count === 2));
  const gone = await ann.chat.deleteFriendGroup({ name: 'chess' });
  assert.equal(gone.data.friendGroup.name, 'chess');
  assert.deepEqual((await ann.chat.getFriendGroupList()).data, []);
  assert.deepEqual((await ann.chat.getFriendList()).data.map((friend) => friend.userID).sort(), ['ben', 'cy']);
  await assert.rejects(ann.chat.deleteFriendGroup({ name: 'chess' }), { code: 2710 });
});

test('no applications wait, because the app itself decides on them', async () => {
  const { data } = await ann.chat.getFriendApplicationList();
  assert.deepEqual(data, { friendApplicationList: [], unreadCount: 0 });
});

test('the blocklist is read whole', async () => {
  await ann.chat.addToBlacklist({ userIDList: ['ben', 'cy'] });
  assert.deepEqual((await ann.chat.getBlacklist()).data.sort(), ['ben', 'cy']);
  await ann.chat.removeFromBlacklist({ userIDList: ['ben', 'cy'] });
  assert.deepEqual((await ann.chat.getBlacklist()).data, []);
});

test('followers are listed, and those who follow each other', async () => {
  const ids = (result) => result.data.userList.map((profile) => profile.userID);
  await ann.chat.followUser(['ben']);
  await cy.chat.followUser(['ben']);
  await ben.chat.followUser(['ann']);
  await ben.next(EVENT.MY_FOLLOWERS_LIST_UPDATED, (list) => list.length === 2);
  assert.deepEqual(ids(await ben.chat.getMyFollowersList()).sort(), ['ann', 'cy']);
  assert.deepEqual(ids(await ben.chat.getMutualFollowersList()), ['ann']);
  assert.deepEqual(ids(await cy.chat.getMutualFollowersList()), []);
});
