import { TYPES } from './constants.js';
import { elementOf, payloadOf } from './convert/elements.js';
import { placeOf, wirePlace, type Place } from './convert/ids.js';
import { bodyOf, fromRoam } from './convert/message.js';
import type { Core } from './core.js';
import { takeModified, takeReceipt, takeRecalled } from './frames.js';
import type { History } from './history.js';
import type { Message } from './models.js';
import { groupLeft } from './refresh.js';
import type { Frame } from './wire/connection.js';

/** Messages of an open conversation, the newest ones, that are looked at for changes. */
const LOOKED_AT = 20;

/** Enters the live groups again that this client was in before it lost its connection. */
export function enterAgain(core: Core): void {
  for (const GroupId of core.state.live) {
    core.request('enter', { GroupId }).catch((error) => {
      // Dissolved, or banned from it.
      if (10_000 <= error.code && error.code < 20_000) groupLeft(core, GroupId);
    });
  }
}

/** After a lost connection: asks for what is new in open conversations, and looks for what was changed there. */
export function resume(core: Core): void {
  for (const [id, history] of core.state.histories) {
    const place = placeOf(id);
    const position = core.state.positions.get(id);
    if (!place || core.state.live.has(place.groupID)) continue;
    if (position !== undefined) core.session?.tell('catch_up', { ...wirePlace(place), MsgSeq: position });
    if (history.messages.some((message) => message.status === 'success')) {
      const looked = place.type === TYPES.CONV_C2C ? lookAtPeer(core, place, history) : lookAtGroup(core, place, history);
      looked.catch(() => {});
    }
  }
}

async function lookAtGroup(core: Core, place: Place, history: History): Promise<void> {
  const answer = await core.request('group_msg_get_simple', { ...wirePlace(place), ReqMsgNumber: LOOKED_AT });
  for (const row of answer.RspMsgList as Frame[]) {
    const known = history.bySequence(row.MsgSeq);
    if (!known || known.isRevoked) continue;
    if (row.Event === 'recalled') takeRecalled(core, row);
    else if (row.Event === 'message' && isOther(known, row.MsgBody)) takeModified(core, row);
  }
}

async function lookAtPeer(core: Core, place: Place, history: History): Promise<void> {
  const MaxTime = Math.floor((Date.now() + core.state.clock) / 1000) + 60;
  const fields = { Peer_Account: place.to, MaxCnt: LOOKED_AT, MinTime: 0, MaxTime };
  const answer = await core.request('admin_getroammsg', fields);
  const confirmed: string[] = [];
  for (const row of (answer.MsgList ?? []) as Frame[]) {
    const known = history.byKey(row.MsgKey);
    if (!known || known.isRevoked) continue;
    const { flow, isRevoked, isPeerRead } = fromRoam(row, core.me);
    if (isRevoked) takeRecalled(core, { ...row, MsgTime: row.MsgTimeStamp });
    else if (isOther(known, row.MsgBody)) takeModified(core, { ...row, MsgTime: row.MsgTimeStamp });
    if (flow === 'out' && isPeerRead && !known.readReceiptInfo.isPeerRead) confirmed.push(row.MsgKey);
  }
  if (0 < confirmed.length) takeReceipt(core, { Operator_Account: place.to, MsgKeyList: confirmed });
}

const plain = (elements: Frame[]): string =>
  JSON.stringify(elements.map((element) => elementOf(element.MsgType, payloadOf(element))));

/** Whether a message has another body at the server. */
const isOther = (known: Message, body: Frame[] | undefined): boolean =>
  body !== undefined && plain(bodyOf(known)) !== plain(body);
