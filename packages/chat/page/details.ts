import { TYPES, type Group, type GroupMember } from '../src/index.js';
import { app, client, groupOf, isGroup, learn, nameOf } from './app.js';
import { $, el, face, note, sorry } from './dom.js';
import { ask } from './dialog.js';

/** Members of one page. */
const PAGE = 50;

const ROLES: Record<string, string> = { Owner: 'owner', Admin: 'administrator', Custom: 'custom role' };
const KINDS: Record<string, string> = {
  Private: 'private group',
  Public: 'public group',
  ChatRoom: 'meeting',
  AVChatRoom: 'live room',
  Community: 'community',
};

/** Counts what was shown, so that answers for something else are dropped. */
let shown = 0;
let onLeft: () => void = () => {};

const button = (text: string, onclick: () => void, className = ''): HTMLElement =>
  el('button', { type: 'button', className, onclick }, text);

function memberRow(group: Group, member: GroupMember): HTMLElement {
  learn(member.userID, member.nick);
  const name = member.nameCard || nameOf(member.userID);
  const role = ROLES[member.role];
  const isMuted = Date.now() / 1000 < member.muteUntil;
  const row = el(
    'li',
    {},
    face(member.userID, name),
    el('span', { className: 'name' }, member.userID === app.me ? `${name} (you)` : name),
    el('span', { className: 'line' }, isMuted ? `${member.userID}, muted` : member.userID),
    role !== undefined && el('span', { className: 'role' }, role),
  );
  const rank = (one: string) => ({ Owner: 2, Admin: 1 })[one] ?? 0;
  const isMine = group.selfInfo.role === 'Owner' || (group.selfInfo.role === 'Admin' && group.type !== 'Private');
  if (isMine && rank(member.role) < rank(group.selfInfo.role)) {
    const remove = async () => {
      await client().deleteGroupMember({ groupID: group.groupID, userIDList: [member.userID] });
      row.remove();
    };
    row.append(el('button', { type: 'button', className: 'quiet', ariaLabel: `Remove ${name}`, onclick: () => remove().catch(sorry) }, 'Remove'));
  }
  return row;
}

/** Adds a page of members, and a button for the next one. */
async function addMembers(group: Group, list: HTMLElement, offset: any): Promise<void> {
  const turn = shown;
  const { data } = await client().getGroupMemberList({ groupID: group.groupID, count: PAGE, offset });
  if (turn !== shown) return;
  for (const member of data.memberList) list.append(memberRow(group, member));
  if (!data.offset) return;
  const more = el('li', { className: 'more' });
  const next = () => {
    more.remove();
    addMembers(group, list, data.offset).catch(sorry);
  };
  more.append(button('More members', next));
  list.append(more);
}

/** What waits for an administrator of the group to decide. */
async function applications(group: Group): Promise<HTMLElement | undefined> {
  const { data } = await client().getGroupApplicationList();
  const waiting: any[] = data.applicationList.filter((one: any) => one.groupID === group.groupID);
  if (waiting.length === 0) return undefined;
  const list = el('ul', { className: 'people' });
  for (const application of waiting) {
    const name = application.applicantNick || nameOf(application.applicant);
    const row = el('li', {}, face(application.applicant, name), el('span', { className: 'name' }, name), el('span', { className: 'line' }, application.note));
    const decide = (handleAction: string) => () => {
      client().handleGroupApplication({ handleAction, application }).then(() => row.remove(), sorry);
    };
    row.append(el('span', { className: 'decide' }, button('Let in', decide('Agree')), button('Refuse', decide('Reject'), 'quiet')));
    list.append(row);
  }
  return el('section', {}, el('h3', {}, 'Want to join'), list);
}

function addMember(group: Group): void {
  ask({
    title: `Add somebody to ${group.name || group.groupID}`,
    fields: [{ name: 'userID', label: 'Account' }],
    action: 'Add',
    async run({ userID }) {
      const { data } = await client().addGroupMember({ groupID: group.groupID, userIDList: [userID!] });
      if (0 < data.failureUserIDList.length) throw new Error(`${userID} could not be added: is there such an account?`);
      note(0 < data.existedUserIDList.length ? `${userID} is a member already` : `${userID} was added`);
      await drawDetails();
    },
  });
}

function leave(group: Group): void {
  const owns = group.selfInfo.role === TYPES.GRP_MBR_ROLE_OWNER && group.type !== TYPES.GRP_WORK;
  const name = group.name || group.groupID;
  ask({
    title: owns ? `Dissolve ${name}?` : `Leave ${name}?`,
    text: owns ? 'It is gone for all members, with its history.' : 'Its messages no longer come to you.',
    fields: [],
    action: owns ? 'Dissolve' : 'Leave',
    async run() {
      await (owns ? client().dismissGroup(group.groupID) : client().quitGroup(group.groupID));
      onLeft();
    },
  });
}

async function drawGroup(groupID: string): Promise<void> {
  const turn = shown;
  const { data } = await client().getGroupProfile({ groupID });
  if (turn !== shown) return;
  const group: Group = data.group;
  const name = group.name || groupID;
  const members = el('ul', { className: 'people' });
  const about = el(
    'div',
    { className: 'about' },
    face(groupID, name, true),
    el('h2', {}, name),
    el('p', { className: 'line' }, `${KINDS[group.type] ?? group.type}, ${groupID}`),
    group.introduction !== '' && el('p', {}, group.introduction),
    group.notification !== '' && el('p', { className: 'notice' }, group.notification),
  );
  const head = el('div', { className: 'head' }, el('h3', {}, `Members (${group.memberCount})`), button('Add', () => addMember(group)));
  const end = el('div', { className: 'end' }, button(group.selfInfo.role === 'Owner' && group.type !== 'Private' ? 'Dissolve' : 'Leave', () => leave(group), 'danger'));
  $('details-body').replaceChildren(about, el('section', {}, head, members), end);
  await addMembers(group, members, 0);
  const decides = group.selfInfo.role === 'Owner' || group.selfInfo.role === 'Admin';
  const waiting = decides ? await applications(group) : undefined;
  if (waiting && turn === shown) about.after(waiting);
}

async function drawAccount(userID: string): Promise<void> {
  const turn = shown;
  const { data } = await client().getUserProfile({ userIDList: [userID] });
  if (turn !== shown) return;
  const profile = data[0];
  const name = profile?.nick || userID;
  const forget = () => {
    client().deleteConversation(`C2C${userID}`).then(onLeft, sorry);
  };
  $('details-body').replaceChildren(
    el(
      'div',
      { className: 'about' },
      face(userID, name),
      el('h2', {}, name),
      el('p', { className: 'line' }, userID),
      Boolean(profile?.selfSignature) && el('p', {}, profile.selfSignature),
    ),
    el('div', { className: 'end' }, button('Delete the conversation', forget, 'danger')),
  );
}

/** Shows what the open conversation is, if that is wanted. */
export async function drawDetails(): Promise<void> {
  shown += 1;
  if ($('details').hidden || !app.open) return;
  try {
    if (isGroup(app.open)) await drawGroup(groupOf(app.open));
    else await drawAccount(app.open.slice('C2C'.length));
  } catch (error) {
    sorry(error);
  }
}

export function startDetails(left: () => void): void {
  onLeft = left;
}
