import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EVENT, TSignaling, TYPES } from '../dist/index.js';
import { PATIENCE, Server } from './harness.mjs';

let server;
let ann;
let ben;
let cy;
before(async () => {
  server = await Server.start();
  [ann, ben, cy] = await Promise.all(['ann', 'ben', 'cy'].map((user) => server.client(user)));
  const memberList = [{ userID: 'ben' }, { userID: 'cy' }];
  await ann.chat.createGroup({ type: TYPES.GRP_PUBLIC, name: 'Club', groupID: 'club', memberList });
  for (const client of [ben, cy]) {
    await client.next(EVENT.GROUP_LIST_UPDATED, (list) => list.some((group) => group.groupID === 'club'));
  }
});
after(async () => {
  await Promise.all([ann, ben, cy].map((client) => client.close()));
  await server.stop();
});

/** The next signal of this kind. */
function heard({ chat, user }, name) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${user} heard no ${name}`)), PATIENCE);
    const handler = ({ data }) => {
      clearTimeout(timer);
      chat.removeSignalingListener(name, handler);
      resolve(data);
    };
    chat.addSignalingListener(name, handler);
  });
}

test('an invitation is changed, and rejected', async () => {
  const invited = heard(ben, TSignaling.NEW_INVITATION_RECEIVED);
  const { data } = await ann.chat.invite({ userID: 'ben', data: 'audio', timeout: 60 });
  assert.deepEqual(ann.chat.getSignalingInfo(data.message).inviteeList, ['ben']);
  assert.equal((await invited).data, 'audio');
  const changed = heard(ben, TSignaling.INVITATION_MODIFIED);
  await ann.chat.modifyInvitation({ inviteID: data.inviteID, data: 'video' });
  assert.deepEqual([(await changed).inviteID, (await changed).data], [data.inviteID, 'video']);
  const rejected = heard(ann, TSignaling.INVITEE_REJECTED);
  await ben.chat.reject({ inviteID: data.inviteID, data: 'busy' });
  assert.deepEqual([(await rejected).inviteID, (await rejected).data], [data.inviteID, 'busy']);
  const plain = await ann.send('ben', 'no signal', TYPES.CONV_C2C);
  assert.equal(ann.chat.getSignalingInfo(plain), null);
});

test('an invitation in a group reaches those who are invited, and is cancelled', async () => {
  const invited = heard(ben, TSignaling.NEW_INVITATION_RECEIVED);
  let others = 0;
  const count = () => (others += 1);
  cy.chat.addSignalingListener(TSignaling.NEW_INVITATION_RECEIVED, count);
  const { data } = await ann.chat.inviteInGroup({ groupID: 'club', inviteeList: ['ben'], data: 'room', timeout: 60 });
  assert.deepEqual([(await invited).groupID, (await invited).data], ['club', 'room']);
  const cancelled = heard(ben, TSignaling.INVITATION_CANCELLED);
  await ann.chat.cancel({ inviteID: data.inviteID });
  assert.equal((await cancelled).inviteID, data.inviteID);
  await ann.send('club', 'after all');
  await cy.received('after all');
  assert.equal(others, 0);
  cy.chat.removeSignalingListener(TSignaling.NEW_INVITATION_RECEIVED, count);
});

test('invitations with callbacks call the one that fits', async () => {
  const outcome = (start) => new Promise((resolve, reject) => start(resolve, reject));
  const toBen = heard(ben, TSignaling.NEW_INVITATION_RECEIVED);
  const one = await outcome((done, failed) => ann.chat.inviteSync({ userID: 'ben', data: 'a' }, done, failed));
  assert.equal((await toBen).inviteID, one.data.inviteID);
  const toCy = heard(cy, TSignaling.NEW_INVITATION_RECEIVED);
  const group = { groupID: 'club', inviteeList: ['cy'], data: 'b' };
  const other = await outcome((done, failed) => ann.chat.inviteInGroupSync(group, done, failed));
  assert.equal((await toCy).inviteID, other.data.inviteID);
  const none = outcome((done, failed) => ann.chat.inviteInGroupSync({ groupID: 'none', inviteeList: ['cy'] }, done, failed));
  await assert.rejects(none, { code: 10010 });
});

test('an invitation that nobody answers ends', async () => {
  const ended = heard(ben, TSignaling.INVITATION_TIMEOUT);
  const { data } = await ann.chat.invite({ userID: 'ben', data: 'soon', timeout: 1 });
  assert.equal((await ended).inviteID, data.inviteID);
});
