// Each kit in browsers, side by side, on a server of its own. A scene is what users do, in a file of its own; the scenes of a
// kit follow one another in the same windows.
import assert from 'node:assert/strict';
import { Server } from '../packages/chat/test/harness.mjs';
import { Browser } from './browser.mjs';
import { react } from './react/kit.mjs';
import * as groups from './scenes/groups.mjs';
import * as history from './scenes/history.mjs';
import * as image from './scenes/image.mjs';
import * as messages from './scenes/messages.mjs';
import * as moderation from './scenes/moderation.mjs';
import * as thousand from './scenes/thousand.mjs';
import { vue } from './vue/kit.mjs';
import { prepare } from './world.mjs';

const SCENES = [history, messages, image, groups, moderation, thousand];

const KITS = { vue, react };

// `node drive.mjs react` drives one kit.
for (const kit of process.argv[2] ? [KITS[process.argv[2]]] : Object.values(KITS)) {
  const server = await Server.start();
  await prepare(server);
  const browser = await Browser.start(kit, server);
  const open = (user) => browser.open(user);
  const windows = {};
  const window = (user) => () => (windows[user] ??= open(user));
  try {
    for (const scene of SCENES) {
      await scene.play({ kit, server, open, ann: window('ann'), ben: window('ben') });
      assert.deepEqual(await browser.problems(), [], `problems of ${kit.name}: ${scene.name}`);
      console.log(`${kit.name}: ${scene.name}`);
    }
  } catch (error) {
    await browser.show(process.env.KITS_PICTURES);
    throw error;
  } finally {
    await browser.close();
    await server.stop();
  }
}
