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
});
after(async () => {
  await Promise.all([ann, ben].map((client) => client.close()));
  await server.stop();
});

test('profiles are read and changed, with one event', async () => {
  const { data } = await ann.chat.updateMyProfile({ nick: 'Ann', gender: TYPES.GENDER_FEMALE });
  assert.equal(data.nick, 'Ann');
  const seen = await ben.chat.getUserProfile({ userIDList: ['ann', 'nobody'] });
  assert.deepEqual(seen.data.map((profile) => [profile.userID, profile.nick]), [['ann', 'Ann']]);
  const own = await ann.chat.getMyProfile();
  assert.equal(own.data.gender, TYPES.GENDER_FEMALE);
  assert.equal(ann.named(EVENT.PROFILE_UPDATED).length, 1);
});

test('friends are added, grouped, changed and deleted', async () => {
  const added = await ann.chat.addFriend({ to: 'ben', source: 'AddSource_Type_Web', remark: 'B', type: TYPES.SNS_ADD_TYPE_BOTH });
  assert.equal(added.data.code, 0);
  await ben.next(EVENT.FRIEND_LIST_UPDATED, (list) => list.some((friend) => friend.userID === 'ann'));
  await ann.chat.createFriendGroup({ name: 'chess', userIDList: ['ben'] });
  const groups = await ann.chat.getFriendGroupList();
  assert.deepEqual(groups.data, [{ name: 'chess', userIDList: ['ben'], count: 1 }]);
  await ann.chat.renameFriendGroup({ oldName: 'chess', newName: 'go' });
  const changed = await ann.chat.updateFriend({ userID: 'ben', remark: 'Benny' });
  assert.equal(changed.data.remark, 'Benny');
  assert.deepEqual(changed.data.groupList, ['go']);
  await ann.chat.removeFromFriendGroup({ name: 'go', userIDList: ['ben'] });
  const checked = await ann.chat.checkFriend({ userIDList: ['ben', 'nobody'], type: TYPES.SNS_CHECK_TYPE_BOTH });
  assert.equal(checked.data.successUserIDList[0].relation, TYPES.SNS_TYPE_BOTH_WAY);
  assert.equal(checked.data.failureUserIDList[0].userID, 'nobody');
  const profile = await ann.chat.getFriendProfile({ userIDList: ['ben'] });
  assert.equal(profile.data.friendList[0].remark, 'Benny');
  await ann.chat.deleteFriend({ userIDList: ['ben'], type: TYPES.SNS_DELETE_TYPE_BOTH });
  assert.deepEqual((await ann.chat.getFriendList()).data, []);
});

test('the blocklist keeps messages away', async () => {
  assert.deepEqual((await ben.chat.addToBlacklist({ userIDList: ['ann'] })).data, ['ann']);
  await ben.next(EVENT.BLACKLIST_UPDATED, (list) => list.length === 1);
  await assert.rejects(ann.send('ben', 'hey', TYPES.CONV_C2C), { code: 20007 });
  assert.deepEqual((await ben.chat.removeFromBlacklist({ userIDList: ['ann'] })).data, ['ann']);
  await ann.send('ben', 'hey', TYPES.CONV_C2C);
  await ben.received('hey');
  await assert.rejects(ben.chat.addToBlacklist({ userIDList: ['ben'] }), { code: 2742 });
});

test('conversations are pinned, marked, grouped and deleted', async () => {
  await ben.send('ann', 'news', TYPES.CONV_C2C);
  await ann.received('news');
  await ann.chat.pinConversation({ conversationID: 'C2Cben', isPinned: true });
  const list = () => ann.chat.getConversationList().then((result) => result.data.conversationList);
  assert.equal((await list())[0].conversationID, 'C2Cben');
  assert.equal((await list())[0].isPinned, true);
  await ann.chat.markConversation({ conversationIDList: ['C2Cben'], markType: TYPES.CONV_MARK_TYPE_STAR, enableMark: true });
  assert.deepEqual((await list())[0].markList, [TYPES.CONV_MARK_TYPE_STAR]);
  await ann.chat.createConversationGroup({ groupName: 'work', conversationIDList: ['C2Cben'] });
  assert.deepEqual((await ann.chat.getConversationGroupList()).data.groupNameList, ['work']);
  await ann.chat.renameConversationGroup({ oldName: 'work', newName: 'play' });
  assert.deepEqual((await list())[0].conversationGroupList, ['play']);
  await ann.chat.setConversationCustomData({ conversationIDList: ['C2Cben'], customData: 'x' });
  const draft = await ann.chat.setConversationDraft({ conversationID: 'C2Cben', draftText: 'I…' });
  assert.equal(draft.data.conversation.draftText, 'I…');
  const later = await server.client('ann');
  const again = (await later.chat.getConversationProfile('C2Cben')).data.conversation;
  assert.equal(again.isPinned, true);
  assert.deepEqual(again.markList, [TYPES.CONV_MARK_TYPE_STAR]);
  assert.equal(again.customData, 'x');
  assert.deepEqual(again.conversationGroupList, ['play']);
  await later.close();
  await ann.chat.deleteConversation('C2Cben');
  assert.ok(!(await list()).some((one) => one.conversationID === 'C2Cben'));
});

test('accounts follow one another', async () => {
  await ann.chat.followUser(['ben']);
  const following = await ann.chat.getMyFollowingList();
  assert.deepEqual(following.data.userList.map((profile) => profile.userID), ['ben']);
  const info = await ben.chat.getUserFollowInfo(['ben']);
  assert.equal(info.data[0].followersCount, 1);
  const type = await ann.chat.checkFollowType(['ben']);
  assert.equal(type.data[0].followType, 2);
  await ann.chat.unfollowUser(['ben']);
});

test('who is online is asked for; what is not built says so', async () => {
  const { data } = await ann.chat.getUserStatus({ userIDList: ['ben', 'nobody'] });
  assert.deepEqual(data.successUserList.map((row) => row.statusType), [TYPES.USER_STATUS_ONLINE]);
  await assert.rejects(ann.chat.translateText({}), { code: 3122 });
});

test('an invitation is answered by signals', async () => {
  const heard = new Promise((resolve) => ben.chat.addSignalingListener('newInvitationReceived', resolve));
  const accepted = new Promise((resolve) => ann.chat.addSignalingListener('ts_invitee_accepted', resolve));
  const { data } = await ann.chat.invite({ userID: 'ben', data: 'call', timeout: 30, onlineUserOnly: true });
  assert.equal((await heard).data.inviteID, data.inviteID);
  await ben.chat.accept({ inviteID: data.inviteID });
  assert.equal((await accepted).data.inviteID, data.inviteID);
});
