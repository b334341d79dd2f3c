import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { EVENT, TYPES } from '../dist/index.js';
import { Server } from './harness.mjs';

let server;
let ann;
let ben;
let cy;
before(async () => {
  server = await Server.start();
  // A field of members that the app has switched on.
  await server.kill();
  const config = readFileSync(server.config, 'utf8');
  writeFileSync(server.config, config.replace('group_fields = [', 'member_fields = [{ key = "Seat", types = ["Public"] }]\ngroup_fields = ['));
  await server.restart();
  [ann, ben, cy] = await Promise.all(['ann', 'ben', 'cy'].map((user) => server.client(user)));
});
after(async () => {
  await Promise.all([ann, ben, cy].map((client) => client.close()));
  await server.stop();
});

test('a group is found by its id, unless it is for its members alone', async () => {
  await ann.chat.createGroup({ type: TYPES.GRP_PUBLIC, name: 'Chess', groupID: 'chess', introduction: 'every Monday' });
  await ann.chat.createGroup({ type: TYPES.GRP_WORK, name: 'Ours', groupID: 'ours' });
  const { data } = await ben.chat.searchGroupByID('chess');
  assert.deepEqual([data.group.name, data.group.introduction], ['Chess', 'every Monday']);
  await assert.rejects(ben.chat.searchGroupByID('ours'), { code: 10010 });
  await assert.rejects(ben.chat.searchGroupByID('none'), { code: 10010 });
});

test('members add others, who are told', async () => {
  // A group of its members alone is not shown to others before something was said in it.
  await ann.send('ours', 'hello');
  const added = await ann.chat.addGroupMember({ groupID: 'ours', userIDList: ['ben'] });
  assert.deepEqual([added.data.successUserIDList, added.data.failureUserIDList], [['ben'], []]);
  await ben.next(EVENT.GROUP_LIST_UPDATED, (list) => list.some((group) => group.groupID === 'ours'));
  const more = await ben.chat.addGroupMember({ groupID: 'ours', userIDList: ['ann', 'cy'] });
  assert.deepEqual([more.data.successUserIDList, more.data.existedUserIDList], [['cy'], ['ann']]);
  const [tip] = await ann.next(EVENT.MESSAGE_RECEIVED, ([one]) => one.payload.userIDList?.includes('cy'));
  assert.deepEqual([tip.payload.operationType, tip.payload.operatorID], [TYPES.GRP_TIP_MBR_JOIN, 'ben']);
  await assert.rejects(cy.chat.deleteGroupMember({ groupID: 'ours', userIDList: ['ann'] }), { code: 10007 });
});

test('a member has fields that the app has switched on', async () => {
  await ben.chat.joinGroup({ groupID: 'chess', applyMessage: 'please' });
  const { data: waiting } = await ann.chat.getGroupApplicationList();
  for (const application of waiting.applicationList) await ann.chat.handleGroupApplication({ handleAction: 'Agree', application });
  await ben.next(EVENT.GROUP_LIST_UPDATED, (list) => list.some((group) => group.groupID === 'chess'));
  const memberCustomField = [{ key: 'Seat', value: 'window' }];
  const set = await ben.chat.setGroupMemberCustomField({ groupID: 'chess', memberCustomField });
  assert.deepEqual(set.data.member.memberCustomField, memberCustomField);
  const { data } = await ann.chat.getGroupMemberProfile({ groupID: 'chess', userIDList: ['ben'] });
  assert.deepEqual(data.memberList[0].memberCustomField, memberCustomField);
});

test('attributes are replaced as a whole, and counters go down', async () => {
  await ann.chat.initGroupAttributes({ groupID: 'ours', groupAttributes: { a: '1', b: '2' } });
  await ann.chat.initGroupAttributes({ groupID: 'ours', groupAttributes: { c: '3' } });
  const told = await ben.next(EVENT.GROUP_ATTRIBUTES_UPDATED, (one) => 'c' in one.groupAttributes);
  assert.deepEqual(told, { groupID: 'ours', groupAttributes: { c: '3' } });
  const { data } = await ben.chat.getGroupAttributes({ groupID: 'ours', keyList: [] });
  assert.deepEqual(data.groupAttributes, { c: '3' });
  await ann.chat.setGroupCounters({ groupID: 'ours', counters: { seats: 5 } });
  const down = await ben.chat.decreaseGroupCounter({ groupID: 'ours', key: 'seats', value: 2 });
  assert.deepEqual(down.data, { groupID: 'ours', key: 'seats', value: 3 });
});
