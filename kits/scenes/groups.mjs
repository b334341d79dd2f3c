// A new group, an invitation, and an application that waits for approval.
export const name = 'creating a group, inviting, joining with approval';

export async function play({ kit, server, ann, ben, open }) {
  const [one, other] = [await ann(), await ben()];
  await kit.makeGroup(one, 'Chess', ['Ben']);
  await kit.item(one, 'Chess').waitFor();
  await kit.open(other, 'Chess');
  await kit.open(one, 'Chess');
  await kit.say(one, 'white or black?');
  await kit.bubble(other, 'white or black?').waitFor();

  const cy = await open('cy');
  await kit.items(cy).first().waitFor();
  const groups = await server.rest('group_open_http_svc/get_joined_group_list', {
    Member_Account: 'ann',
    ResponseFilter: { GroupBaseInfoFilter: ['Name'] },
  });
  const { GroupId } = groups.GroupIdList.find((group) => group.Name === 'Chess');
  await kit.invite(one, GroupId, 'cy', 'Cyril');
  await kit.open(cy, 'Chess');
  await kit.say(cy, 'black');
  await kit.bubble(one, 'black').waitFor();

  await kit.open(one, 'Readers');
  await kit.bubble(one, 'imported 1').waitFor();
  const dee = await open('dee');
  await kit.apply(dee, 'readers');
  await kit.approve(one, 'Delia');
  await kit.open(dee, 'Readers');
  await kit.messages(one).getByText('Delia joined the group').waitFor();
  await kit.say(dee, 'thank you');
  await kit.bubble(one, 'thank you').waitFor();
}
