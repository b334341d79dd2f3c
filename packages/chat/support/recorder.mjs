// Keeps which methods of clients were called with success while a test ran, and which answered that they are not built. Each
// test file writes its own record, where the variable LANDFALL_CHAT_CALLS names a folder.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const FOLDER = process.env.LANDFALL_CHAT_CALLS;
/** The code of methods that are not built. */
export const NOT_BUILT = 3122;

const done = new Set();
const refused = new Set();

/** The client, whose calls are kept from now on. */
export function recorded(chat) {
  if (!FOLDER) return chat;
  return new Proxy(chat, {
    get(target, name) {
      const method = target[name];
      if (typeof method !== 'function') return method;
      return (...given) => {
        const result = method(...given);
        if (result instanceof Promise) {
          result.then(
            () => done.add(name),
            (error) => error?.code === NOT_BUILT && refused.add(name),
          );
        } else {
          done.add(name);
        }
        return result;
      };
    },
  });
}

if (FOLDER) {
  process.on('exit', () => {
    if (done.size === 0) return;
    mkdirSync(FOLDER, { recursive: true });
    const record = { done: [...done].sort(), refused: [...refused].sort() };
    writeFileSync(join(FOLDER, `${basename(process.argv[1])}.json`), JSON.stringify(record));
  });
}
