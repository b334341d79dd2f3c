// Writing in two windows: sending, receiving, read receipts, recalling, and a one-to-one conversation.
import { text } from '../world.mjs';

export const name = 'sending, receiving, read receipts, recalling, one-to-one messages in two windows';

export async function play({ kit, server, ann, ben }) {
  const [one, other] = [await ann(), await ben()];
  await kit.open(one, 'Readers');
  await kit.bubble(one, 'and another').waitFor();
  await say(kit, one, 'hello from one window', other);
  await kit.receipt(one, 'hello from one window').getByText(kit.allRead).waitFor();
  await say(kit, other, 'and from the other', one);

  await kit.recall(one, 'hello from one window');
  await kit.messages(one).getByText(/You\s+recalled a message/).waitFor();
  await kit.messages(other).getByText(/Ann\s+recalled a message/).waitFor();
  await kit.bubble(other, 'hello from one window').waitFor({ state: 'detached' });

  await server.rest('openim/sendmsg', { From_Account: 'cy', To_Account: 'ben', MsgRandom: 7, MsgBody: text('a word with you') });
  await kit.preview(other, 'Cyril').getByText('a word with you').waitFor();
  await kit.open(other, 'Cyril');
  await kit.bubble(other, 'a word with you').waitFor();
  await kit.say(other, 'yes?');
  await kit.bubble(other, 'yes?').waitFor();
  await kit.preview(other, 'Cyril').getByText('yes?').waitFor();
  await kit.open(other, 'Readers');
  await kit.bubble(other, 'and from the other').waitFor();
}

async function say(kit, from, said, to) {
  await kit.say(from, said);
  for (const page of [from, to]) await kit.bubble(page, said).waitFor();
}
