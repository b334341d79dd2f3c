// A small town for the tests and pictures of the page /console/try: accounts, groups and what was said in them.
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

const NICKS = { mira: 'Mira Lind', jonas: 'Jonas Ek', aiko: 'Aiko Mori', tomas: 'Tomás Ruiz', lena: 'Lena Vogt' };

const text = (Text) => [{ MsgType: 'TIMTextElem', MsgContent: { Text } }];

/** Groups, and what was said there before they came to this server: who, how long ago, what. */
const GROUPS = [
  {
    GroupId: 'harbour',
    Name: 'Harbour crew',
    Introduction: 'Everything about the old boat.',
    Notification: 'Launch on Saturday at ten. Bring gloves!',
    owner: 'mira',
    members: ['jonas', 'aiko', 'tomas', 'lena'],
    said: [
      ['tomas', 2 * DAY + 5 * HOUR, 'The second coat of paint is on. Nobody touch the hull until tomorrow, please.'],
      ['lena', 2 * DAY + 5 * HOUR - 2 * MINUTE, 'Promised.'],
      ['mira', 2 * DAY + 4 * HOUR, 'It looks wonderful!'],
      ['aiko', DAY + 3 * HOUR, 'I found the missing cleats in the shed, behind the oars.'],
      ['jonas', DAY + 3 * HOUR - 4 * MINUTE, 'So that is where they were for three years.'],
      ['mira', DAY + 3 * HOUR - 5 * MINUTE, 'Of course they were.'],
      ['tomas', 2 * HOUR + 30 * MINUTE, 'Forecast for Saturday: sun, light wind from the west.'],
      ['tomas', 2 * HOUR + 29 * MINUTE, 'We could not have ordered it better.'],
      ['lena', 2 * HOUR, 'I bring cake and two flasks of coffee.'],
      ['mira', HOUR + 50 * MINUTE, 'Then nothing can go wrong. Who has the trailer?'],
    ],
  },
  {
    GroupId: 'readers',
    Name: 'Reading circle',
    owner: 'aiko',
    members: ['mira', 'jonas', 'lena'],
    said: [
      ['aiko', 3 * DAY, 'Next is “The Summer Book”. Who is in?'],
      ['lena', 3 * DAY - HOUR, 'Me!'],
    ],
  },
  { GroupId: 'hikes', Name: 'Weekend hikes', owner: 'tomas', members: ['mira', 'jonas', 'aiko'], said: [['tomas', 5 * DAY, 'Photos of the ridge are in the album.']] },
  { GroupId: 'allotment', Name: 'Allotment 12', owner: 'lena', members: ['mira'], said: [['lena', 6 * DAY, 'The beans are up!']] },
];

/** What is said on the server itself, so that it is unread. */
const NEWS = [
  ['readers', 'lena', 'I have finished it twice. When do we meet?'],
  ['readers', 'aiko', 'Thursday at seven, at my place?'],
];

/** A long history, in which one can scroll back. */
const LONG = { GroupId: 'archive', Name: 'Archive', owner: 'mira', members: ['jonas'], said: Array.from({ length: 70 }, (_, at) => ['jonas', 9 * DAY - at * MINUTE, `page ${at + 1}`]) };

/** Brings everything to a server. */
export async function tell(server) {
  const now = Math.floor(Date.now() / 1000);
  await server.rest('im_open_login_svc/multiaccount_import', {
    AccountList: Object.entries(NICKS).map(([UserID, Nick]) => ({ UserID, Nick })),
  });
  for (const { owner, members, said, ...group } of [...GROUPS, LONG]) {
    const { GroupId } = group;
    await server.rest('group_open_http_svc/import_group', {
      ...group,
      Type: 'Public',
      Owner_Account: owner,
      ApplyJoinOption: 'FreeAccess',
      CreateTime: now - 30 * DAY,
    });
    await server.rest('group_open_http_svc/import_group_member', {
      GroupId,
      MemberList: members.map((Member_Account) => ({ Member_Account, JoinTime: now - 29 * DAY })),
    });
    for (let done = 0; done < said.length; done += 20) {
      await server.rest('group_open_http_svc/import_group_msg', {
        GroupId,
        MsgList: said.slice(done, done + 20).map(([From_Account, ago, words], at) => ({
          From_Account,
          SendTime: now - ago,
          Random: done + at + 1,
          MsgBody: text(words),
        })),
      });
    }
  }
  await server.rest('group_open_http_svc/modify_group_member_info', { GroupId: 'harbour', Member_Account: 'tomas', Role: 'Admin' });
  for (const [GroupId, From_Account, words] of NEWS) {
    const Random = Math.floor(Math.random() * 2 ** 32);
    await server.rest('group_open_http_svc/send_group_msg', { GroupId, From_Account, Random, MsgBody: text(words) });
  }
  const MsgRandom = Math.floor(Math.random() * 2 ** 32);
  const MsgBody = text('Are you coming by the harbour later?');
  await server.rest('openim/sendmsg', { From_Account: 'aiko', To_Account: 'mira', SyncOtherMachine: 2, MsgRandom, MsgBody });
}
