// The accounts and groups that the scenes begin with, imported as an app that moves in does it.
const AN_HOUR_AGO = Math.floor(Date.now() / 1000) - 3600;

export const text = (Text) => [{ MsgType: 'TIMTextElem', MsgContent: { Text } }];

const NICKS = { ann: 'Ann', ben: 'Ben', cy: 'Cyril', dee: 'Delia' };

/** Imports a group and its history, which every member has read. */
export async function importGroup(server, { id, name = id, type = 'Public', owner = 'ann', members = ['ben'], said = [] }) {
  await server.rest('group_open_http_svc/import_group', {
    Type: type,
    Name: name,
    GroupId: id,
    Owner_Account: owner,
    CreateTime: AN_HOUR_AGO,
  });
  await server.rest('group_open_http_svc/import_group_member', {
    GroupId: id,
    MemberList: members.map((Member_Account) => ({ Member_Account, JoinTime: AN_HOUR_AGO + 1 })),
  });
  if (said.length === 0) return;
  await server.rest('group_open_http_svc/import_group_msg', {
    GroupId: id,
    MsgList: said.map((one, number) => ({
      From_Account: owner,
      SendTime: AN_HOUR_AGO + 60 * (number + 1),
      Random: number + 1,
      MsgBody: text(one),
    })),
  });
}

/** Ann and Ben, who are friends of all others, and a group of theirs. */
export async function prepare(server) {
  const accounts = Object.entries(NICKS);
  await server.rest('im_open_login_svc/multiaccount_import', {
    AccountList: accounts.map(([UserID, Nick]) => ({ UserID, Nick })),
  });
  for (const From_Account of ['ann', 'ben']) {
    await server.rest('sns/friend_import', {
      From_Account,
      AddFriendItem: accounts
        .filter(([user]) => user !== From_Account)
        .map(([To_Account]) => ({ To_Account, AddSource: 'AddSource_Type_Import' })),
    });
  }
  await importGroup(server, { id: 'readers', name: 'Readers', said: ['imported 1', 'imported 2', 'imported 3'] });
}
