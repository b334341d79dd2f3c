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

test('a group is made, changed, and dissolved', async () => {
  const { data } = await ann.chat.createGroup({
    type: TYPES.GRP_PUBLIC,
    name: 'Chess',
    groupID: 'chess',
    joinOption: TYPES.JOIN_OPTIONS_FREE_ACCESS,
    memberList: [{ userID: 'ben' }],
  });
  assert.equal(data.group.groupID, 'chess');
  assert.equal(data.group.selfInfo.role, TYPES.GRP_MBR_ROLE_OWNER);
  await ben.next(EVENT.GROUP_LIST_UPDATED, (list) => list.some((group) => group.groupID === 'chess'));
  await ann.chat.updateGroupProfile({ groupID: 'chess', notification: 'Mondays' });
  const [tip] = await ben.next(EVENT.MESSAGE_RECEIVED, ([one]) => one.payload.newGroupProfile?.notification);
  assert.equal(tip.payload.operationType, TYPES.GRP_TIP_GRP_PROFILE_UPDATED);
  const profile = await ben.chat.getGroupProfile({ groupID: 'chess' });
  assert.equal(profile.data.group.notification, 'Mondays');
  assert.equal(profile.data.group.memberCount, 2);
  await assert.rejects(ben.chat.dismissGroup('chess'), { code: 10007 });
  await ann.chat.dismissGroup('chess');
  await ben.next(EVENT.MESSAGE_RECEIVED, ([one]) => one.payload.operationType === 5);
  assert.equal(ben.chat.findMessage('none'), null);
  const list = await ben.chat.getGroupList();
  assert.ok(!list.data.groupList.some((group) => group.groupID === 'chess'));
});

test('members join, are managed, and leave', async () => {
  await ann.chat.createGroup({ type: TYPES.GRP_PUBLIC, name: 'Go', groupID: 'go', joinOption: 'FreeAccess' });
  const joined = await ben.chat.joinGroup({ groupID: 'go' });
  assert.equal(joined.data.status, TYPES.JOIN_STATUS_SUCCESS);
  const again = await ben.chat.joinGroup({ groupID: 'go' });
  assert.equal(again.data.status, TYPES.JOIN_STATUS_ALREADY_IN_GROUP);
  await cy.chat.joinGroup({ groupID: 'go' });
  const { data } = await ann.chat.getGroupMemberList({ groupID: 'go', count: 2 });
  assert.equal(data.memberList.length, 2);
  const rest = await ann.chat.getGroupMemberList({ groupID: 'go', count: 2, offset: data.offset });
  assert.equal(rest.data.memberList.length, 1);
  assert.equal(rest.data.offset, 0);
  await ann.chat.setGroupMemberRole({ groupID: 'go', userID: 'ben', role: TYPES.GRP_MBR_ROLE_ADMIN });
  await assert.rejects(cy.chat.setGroupMemberRole({ groupID: 'go', userID: 'ben', role: 'Member' }), { code: 10007 });
  const muted = await ben.chat.setGroupMemberMuteTime({ groupID: 'go', userID: 'cy', muteTime: 600 });
  assert.ok(0 < muted.data.member.muteUntil);
  await assert.rejects(cy.send('go', 'may I'), { code: 10017 });
  await ben.chat.setGroupMemberMuteTime({ groupID: 'go', userID: 'cy', muteTime: 0 });
  const card = await cy.chat.setGroupMemberNameCard({ groupID: 'go', nameCard: 'C.' });
  assert.equal(card.data.member.nameCard, 'C.');
  await ben.chat.deleteGroupMember({ groupID: 'go', userIDList: ['cy'], reason: 'noise' });
  await cy.next(EVENT.MESSAGE_RECEIVED, ([one]) => one.payload.operationType === 4);
  await ann.chat.changeGroupOwner({ groupID: 'go', newOwnerID: 'ben' });
  await ann.chat.quitGroup('go');
  const profiles = await ben.chat.getGroupMemberProfile({ groupID: 'go', userIDList: ['ben', 'ann'] });
  assert.deepEqual(profiles.data.memberList.map((member) => [member.userID, member.role]), [['ben', 'Owner']]);
});

test('an application waits until an administrator of the group decides', async () => {
  await ann.chat.createGroup({ type: TYPES.GRP_PUBLIC, name: 'Club', groupID: 'closed', joinOption: 'NeedPermission' });
  const applied = await cy.chat.joinGroup({ groupID: 'closed', applyMessage: 'me too' });
  assert.equal(applied.data.status, TYPES.JOIN_STATUS_WAIT_APPROVAL);
  await ann.next(EVENT.MESSAGE_RECEIVED, ([one]) => one.payload.operationType === 1 && one.to === 'closed');
  const { data } = await ann.chat.getGroupApplicationList();
  const application = data.applicationList.find((one) => one.groupID === 'closed');
  assert.equal(application.note, 'me too');
  await ann.chat.handleGroupApplication({ handleAction: 'Agree', application });
  await cy.next(EVENT.MESSAGE_RECEIVED, ([one]) => one.payload.operationType === 2);
  await cy.next(EVENT.GROUP_LIST_UPDATED, (list) => list.some((group) => group.groupID === 'closed'));
  await cy.send('closed', 'thanks');
});

test('attributes and counters are told to every member once', async () => {
  await ann.chat.createGroup({ type: TYPES.GRP_PUBLIC, name: 'A', groupID: 'attr', memberList: [{ userID: 'ben' }] });
  await ann.chat.setGroupAttributes({ groupID: 'attr', groupAttributes: { a: '1', b: '2' } });
  const told = await ben.next(EVENT.GROUP_ATTRIBUTES_UPDATED);
  assert.deepEqual(told, { groupID: 'attr', groupAttributes: { a: '1', b: '2' } });
  await ann.chat.deleteGroupAttributes({ groupID: 'attr', keyList: ['a'] });
  const { data } = await ben.chat.getGroupAttributes({ groupID: 'attr', keyList: [] });
  assert.deepEqual(data.groupAttributes, { b: '2' });
  await ann.chat.setGroupCounters({ groupID: 'attr', counters: { votes: 5 } });
  const counted = await ben.chat.increaseGroupCounter({ groupID: 'attr', key: 'votes', value: 2 });
  assert.deepEqual(counted.data, { groupID: 'attr', key: 'votes', value: 7 });
  await ann.next(EVENT.GROUP_COUNTER_UPDATED, (one) => one.value === 7);
  const counters = await ann.chat.getGroupCounters({ groupID: 'attr' });
  assert.deepEqual(counters.data.counters, [{ key: 'votes', value: 7 }]);
  assert.equal(ann.named(EVENT.GROUP_ATTRIBUTES_UPDATED).length, 2);
});

test('topics of a community have their own messages', async () => {
  const { data } = await ann.chat.createGroup({ type: TYPES.GRP_COMMUNITY, name: 'City', isSupportTopic: true });
  const { groupID } = data.group;
  const { data: made } = await ann.chat.createTopicInCommunity({ groupID, topicName: 'parks' });
  await ben.chat.joinGroup({ groupID });
  await ann.send(made.topicID, 'trees');
  const got = await ben.received('trees');
  assert.equal(got.conversationID, `GROUP${made.topicID}`);
  const { data: list } = await ben.chat.getTopicList({ groupID });
  assert.deepEqual(list.successTopicList.map((topic) => [topic.topicName, topic.unreadCount]), [['parks', 1]]);
  const changed = await ann.chat.updateTopicProfile({ groupID, topicID: made.topicID, topicName: 'woods' });
  assert.equal(changed.data.topic.topicName, 'woods');
  const gone = await ann.chat.deleteTopicFromCommunity({ groupID, topicIDList: [made.topicID] });
  assert.deepEqual(gone.data.successTopicList, [{ topicID: made.topicID }]);
});

test('an account is in one live group at a time', async () => {
  for (const groupID of ['live1', 'live2']) {
    await ann.chat.createGroup({ type: TYPES.GRP_AVCHATROOM, name: groupID, groupID });
  }
  await ben.chat.joinGroup({ groupID: 'live1' });
  await ben.send('live1', 'first');
  await ben.chat.joinGroup({ groupID: 'live2' });
  const { data } = await ben.chat.getGroupOnlineMemberCount('live2');
  // The server counts again after ten seconds.
  assert.ok(data.memberCount <= 1);
  await assert.rejects(ben.send('live1', 'late'), { code: 10007 });
});

test('tips show the nicks of those in them, live and in a history', async () => {
  await server.rest('im_open_login_svc/multiaccount_import', { AccountList: [{ UserID: 'dora', Nick: 'Dora' }] });
  await ann.chat.updateMyProfile({ nick: 'Ann' });
  await ann.chat.createGroup({ type: TYPES.GRP_PUBLIC, name: 'Tips', groupID: 'tips', memberList: [{ userID: 'ben' }] });
  await ben.next(EVENT.GROUP_LIST_UPDATED, (list) => list.some((group) => group.groupID === 'tips'));
  await ann.send('tips', 'I have a nick now');
  await server.rest('group_open_http_svc/add_group_member', { GroupId: 'tips', MemberList: [{ Member_Account: 'dora' }] });
  await ann.chat.setGroupMemberRole({ groupID: 'tips', userID: 'dora', role: TYPES.GRP_MBR_ROLE_ADMIN });
  const [tip] = await ben.next(EVENT.MESSAGE_RECEIVED, ([one]) => one.to === 'tips' && one.payload.operationType === 4);
  assert.equal(tip.payload.memberList[0].nick, 'Dora');
  assert.equal(tip.payload.operatorInfo.nick, 'Ann');
  const later = await server.client('ben');
  const { data } = await later.chat.getMessageList({ conversationID: 'GROUPtips' });
  const tips = data.messageList.filter((message) => message.type === TYPES.MSG_GRP_TIP);
  assert.deepEqual(tips.at(-1).payload.memberList.map((member) => member.nick), ['Dora']);
  await later.close();
});
