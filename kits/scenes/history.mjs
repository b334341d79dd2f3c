// Signing in: the list with what is unread, and the history of a group with dates and nicks.
import assert from 'node:assert/strict';
import { text } from '../world.mjs';

export const name = 'signing in, the list with unread messages, history with dates and nicks';

export async function play({ kit, server, ben }) {
  for (const [number, said] of ['one more', 'and another'].entries()) {
    await server.rest('group_open_http_svc/send_group_msg', {
      GroupId: 'readers',
      From_Account: 'ann',
      Random: 100 + number,
      MsgBody: text(said),
    });
  }
  const page = await ben();
  await kit.preview(page, 'Readers').getByText('Ann:').waitFor();
  await kit.preview(page, 'Readers').getByText('and another').waitFor();
  await kit.unread(page, 'Readers').getByText('2').waitFor();
  await kit.open(page, 'Readers');
  for (const said of ['imported 1', 'imported 2', 'imported 3', 'one more', 'and another']) {
    await kit.bubble(page, said).waitFor();
  }
  assert.deepEqual([...new Set(await kit.nicks(page).allTextContents())], ['Ann']);
  const times = await kit.times(page).allTextContents();
  assert.equal(times.length, 2, 'messages of an hour ago and those of now');
  for (const time of times) assert.match(time, /\d?\d:\d\d/);
  await kit.unread(page, 'Readers').waitFor({ state: 'hidden' });
}
