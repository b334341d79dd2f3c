// Muting a member, and removing it.
export const name = 'muting and kicking';

export async function play({ kit, ann, ben }) {
  const [one, other] = [await ann(), await ben()];
  for (const page of [one, other]) {
    await kit.open(page, 'Readers');
    await kit.bubble(page, 'imported 1').waitFor();
  }
  await kit.mute(one, 'Ben');
  for (const page of [one, other]) await kit.messages(page).getByText(kit.muted('Ben')).waitFor();
  await kit.say(other, 'may I');
  await kit.failed(other).waitFor();

  await kit.kick(one, 'Ben');
  await kit.kicked(other).waitFor();
  await kit.item(other, 'Readers').waitFor({ state: 'detached' });
  await kit.messages(one).getByText(/Ben.*kicked out of the group/).waitFor();
}
