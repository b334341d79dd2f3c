// Messages with files, sent from a client to a server of its own.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { EVENT } from '../dist/index.js';
import { Proxy, Server } from './harness.mjs';

/** A PNG of 3 by 2 pixels, as far as its head. */
const PNG = Uint8Array.from([
  ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52],
  ...[0, 0, 0, 3, 0, 0, 0, 2, 8, 6, 0, 0, 0],
]);

let server;
let hana;
let ivo;
before(async () => {
  server = await Server.start();
  // The limits of the app, which the quickstart has not.
  server.process.kill('SIGTERM');
  await server.ended;
  appendFileSync(server.config, '\n[app.uploads]\nimage_bytes_max = 1_000\naudio_bytes_max = 2_000\n');
  await server.restart();
  await server.rest('group_open_http_svc/import_group', {
    Type: 'Public',
    Name: 'Book club',
    GroupId: 'club',
    Owner_Account: 'hana',
    MemberList: [{ Member_Account: 'ivo' }],
  });
  [hana, ivo] = await Promise.all(['hana', 'ivo'].map((user) => server.client(user)));
});
after(async () => {
  await Promise.all([hana.close(), ivo.close()]);
  await server.stop();
});

const options = (payload, more = {}) => ({ to: 'club', conversationType: 'GROUP', payload, ...more });

/** What another member gets of a message. */
async function received(client, message) {
  const of = (list) => list.find((one) => one.ID === message.ID);
  return of(await client.next(EVENT.MESSAGE_RECEIVED, of));
}

const bytesAt = async (url) => {
  const answer = await fetch(url);
  assert.equal(answer.status, 200, url);
  return new Uint8Array(await answer.arrayBuffer());
};

test('an image is uploaded, sent, received, forwarded and read', async () => {
  const progress = [];
  const file = new File([PNG], 'Küche.png', { type: 'image/png' });
  // As from an input element.
  const message = hana.chat.createImageMessage(
    options({ file: { files: [file] } }, { onProgress: (part) => progress.push(part) }),
  );
  assert.equal(message.status, 'unSend');
  const { data } = await hana.chat.sendMessage(message);
  assert.equal(data.message, message);
  assert.deepEqual(progress, [1]);
  const got = await received(ivo, message);
  for (const { payload } of [message, got]) {
    assert.match(payload.uuid, /^[0-9a-f]{48}$/);
    assert.equal(payload.imageFormat, 3);
    assert.deepEqual(payload.imageInfoArray.map(({ sizeType, width, height, size }) => [sizeType, width, height, size]), [
      [1, 3, 2, PNG.length],
      [3, 3, 2, PNG.length],
      [2, 3, 2, PNG.length],
    ]);
    for (const { url, imageUrl } of payload.imageInfoArray) {
      assert.equal(url, imageUrl);
      assert.ok(url.startsWith(`${server.address}/files/`), url);
      assert.deepEqual(await bytesAt(url), PNG);
    }
  }
  const forwarded = ivo.chat.createForwardMessage({ to: 'club', conversationType: 'GROUP', payload: got });
  await ivo.chat.sendMessage(forwarded);
  const back = await received(hana, forwarded);
  assert.deepEqual(await bytesAt(back.payload.imageInfoArray[0].url), PNG);
  // Another server than this one keeps nothing of its address.
  const stored = await server.rest('group_open_http_svc/group_msg_get_simple', { GroupId: 'club', ReqMsgNumber: 2 });
  for (const row of stored.RspMsgList) assert.match(row.MsgBody[0].MsgContent.ImageInfoArray[0].URL, /^\/files\//);
});

test('recordings, films and other files have the members that apps read', async () => {
  const bytes = new Uint8Array(700).fill(7);
  const file = (name, type) => new File([bytes], name, { type });
  const audio = hana.chat.createAudioMessage(options({ file: Object.assign(file('a.mp3', 'audio/mpeg'), { second: 4 }) }));
  const video = hana.chat.createVideoMessage(options({ file: file('a.mp4', '') }));
  const other = hana.chat.createFileMessage(options({ file: new Blob([bytes]) }));
  for (const message of [audio, video, other]) await hana.chat.sendMessage(message);
  const [gotAudio, gotVideo, gotOther] = await Promise.all([audio, video, other].map((message) => received(ivo, message)));
  assert.deepEqual(await bytesAt(gotAudio.payload.url), bytes);
  assert.deepEqual([gotAudio.payload.second, gotAudio.payload.size], [4, 700]);
  assert.deepEqual(await bytesAt(gotVideo.payload.videoUrl), bytes);
  assert.deepEqual([gotVideo.payload.videoSize, gotVideo.payload.videoFormat], [700, 'mp4']);
  assert.deepEqual(await bytesAt(gotOther.payload.fileUrl), bytes);
  assert.deepEqual([gotOther.payload.fileName, gotOther.payload.fileSize], ['file', 700]);
});

test('a file that cannot be sent fails with a code, and its message with it', async () => {
  const create = (of, payload) => () => hana.chat[of](options(payload));
  assert.throws(create('createImageMessage', { file: {} }), { code: 2251 });
  assert.throws(create('createFileMessage', {}), { code: 2401 });
  const large = (name, type, size) => ({ file: new File([new Uint8Array(size)], name, { type }) });
  for (const [of, payload, code] of [
    ['createFileMessage', large('a.txt', 'text/plain', 0), 2108],
    ['createImageMessage', large('a.svg', 'image/svg+xml', 9), 2252],
    ['createImageMessage', large('a.png', 'image/png', 1_001), 2253],
    ['createAudioMessage', large('a.mp3', 'audio/mpeg', 2_001), 2301],
    // What only the server can say.
    ['createFileMessage', large('a\n', 'text/plain', 9), 10004],
  ]) {
    const message = create(of, payload)();
    await assert.rejects(hana.chat.sendMessage(message), (error) => {
      assert.equal(error.code, code, error.message);
      return error.data.message === message && message.status === 'fail';
    });
  }
});

test('a connection that is cut in the middle of a file goes on where it stopped', async () => {
  const proxy = await Proxy.before(server);
  const cut = await server.client('hana', proxy.address);
  const bytes = Uint8Array.from({ length: 5 << 20 }, (_, at) => at % 251);
  const progress = [];
  const message = cut.chat.createFileMessage(
    options({ file: new File([bytes], 'a.bin') }, {
      onProgress(part) {
        progress.push(part);
        if (progress.length === 2) {
          proxy.cut();
          setTimeout(() => proxy.mend(), 200);
        }
        if (progress.length === 3) throw new Error('the app fails');
      },
    }),
  );
  await cut.chat.sendMessage(message);
  assert.deepEqual(progress, [...progress].sort((one, other) => one - other));
  assert.deepEqual([new Set(progress).size, progress.at(-1)], [progress.length, 1]);
  const got = await received(ivo, message);
  assert.deepEqual(Buffer.from(await bytesAt(got.payload.fileUrl)).equals(Buffer.from(bytes)), true);
  await cut.close();
  proxy.close();
});
