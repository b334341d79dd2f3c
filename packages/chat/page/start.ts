import { TYPES } from '../src/index.js';
import { client } from './app.js';
import { ask } from './dialog.js';
import { note } from './dom.js';

type Open = (conversationID: string) => Promise<void>;

export function writeTo(open: Open): void {
  ask({
    title: 'Write to somebody',
    fields: [{ name: 'userID', label: 'Account' }],
    action: 'Open',
    run: ({ userID }) => open(`C2C${userID}`),
  });
}

export function join(open: Open): void {
  ask({
    title: 'Join a group',
    fields: [
      { name: 'groupID', label: 'Group ID' },
      { name: 'applyMessage', label: 'What you say, if somebody has to let you in', isOptional: true },
    ],
    action: 'Join',
    async run({ groupID, applyMessage }) {
      const { data } = await client().joinGroup({ groupID, applyMessage });
      if (data.status === TYPES.JOIN_STATUS_WAIT_APPROVAL) note('An administrator of the group decides whether you are let in.');
      else await open(`GROUP${groupID}`);
    },
  });
}

export function create(open: Open): void {
  ask({
    title: 'New group',
    fields: [
      { name: 'name', label: 'Name' },
      {
        name: 'type',
        label: 'Who joins',
        choices: [
          ['Public FreeAccess', 'Everybody who wants to'],
          ['Public NeedPermission', 'Whom an administrator lets in'],
          ['Private', 'Whom a member adds'],
        ],
      },
      { name: 'members', label: 'First members', hint: 'Accounts, with commas between them', isOptional: true },
    ],
    action: 'Create',
    async run({ name, type, members }) {
      const [kind, joinOption] = type!.split(' ');
      const { data } = await client().createGroup({ name, type: kind, joinOption, inviteOption: TYPES.INVITE_OPTIONS_FREE_ACCESS });
      const groupID: string = data.group.groupID;
      await open(`GROUP${groupID}`);
      const userIDList = members!.split(/[\s,]+/).filter(Boolean);
      if (userIDList.length === 0) return;
      const added = await client().addGroupMember({ groupID, userIDList });
      const failed: string[] = added.data.failureUserIDList;
      if (0 < failed.length) note(`Not added, because there is no such account: ${failed.join(', ')}`);
    },
  });
}
