// After an import of 1,000 groups: the list has them all, and their history is there.
import { importGroup } from '../world.mjs';

export const name = 'the list and history after an import of 1,000 groups';

const GROUPS = 1_000;
/** Imports at a time. */
const AT_ONCE = 20;

export async function play({ kit, server, open }) {
  await server.rest('im_open_login_svc/account_import', { UserID: 'tess', Nick: 'Tess' });
  for (let done = 0; done < GROUPS; done += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, number) => done + number);
    await Promise.all(
      numbers.map((number) =>
        importGroup(server, {
          id: `club${number}`,
          name: `Club ${number}`,
          members: ['tess'],
          said: [`first of ${number}`, `last of ${number}`],
        }),
      ),
    );
  }
  const page = await open('tess');
  await kit.items(page).nth(GROUPS - 1).waitFor();
  for (const number of [0, 500, GROUPS - 1]) {
    await kit.open(page, `Club ${number}`);
    await kit.bubble(page, `first of ${number}`).waitFor();
    await kit.bubble(page, `last of ${number}`).waitFor();
  }
}
