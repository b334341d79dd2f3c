// A picture, from one window to the other.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const name = 'sending an image';

/** A picture of one pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

export async function play({ kit, ann, ben }) {
  const file = join(tmpdir(), `landfall-kits-${process.pid}.png`);
  writeFileSync(file, Buffer.from(PNG, 'base64'));
  const [one, other] = [await ann(), await ben()];
  for (const page of [one, other]) {
    await kit.open(page, 'Readers');
    await kit.bubble(page, 'imported 1').waitFor();
  }
  await kit.attach(one, file);
  for (const page of [one, other]) {
    await kit.picture(page).waitFor();
    await page.waitForFunction((image) => 0 < image.naturalWidth, await kit.picture(page).elementHandle());
  }
}
