// EVENT, TYPES and TSignaling have every name of both generations of the imitated package, with the same value. Reading them
// runs the package, so this is run without a network.
import assert from 'node:assert/strict';
import ours from '../packages/chat/dist/index.js';

globalThis.WebSocket = class {};
globalThis.XMLHttpRequest = class {};
globalThis.fetch = () => new Promise(() => {});

for (const name of ['@tencentcloud/chat', '@tencentcloud/lite-chat']) {
  const { default: found } = await import(name);
  const theirs = found.default ?? found;
  for (const table of ['EVENT', 'TYPES', 'TSignaling']) {
    for (const [key, value] of Object.entries(theirs[table])) {
      assert.deepEqual(ours[table][key], value, `${name}: ${table}.${key}`);
    }
  }
  console.log(`${name} ${theirs.VERSION}: all constants are equal`);
}
process.exit(0);
