import { EVENT, TYPES } from './constants.js';
import { shownAs } from './convert/elements.js';
import { newGroup } from './convert/group.js';
import { placeOf } from './convert/ids.js';
import { newProfile } from './convert/profile.js';
import { Emitter } from './emitter.js';
import { ChatError, CODE } from './error.js';
import { History } from './history.js';
import { noLastMessage, type Conversation, type Group, type Message, type Profile } from './models.js';
import type { Frame } from './wire/connection.js';
import type { Session } from './wire/session.js';

export interface ChatOptions {
  SDKAppID: number;
  /** Address of the server: http(s) or ws(s). Without it, the page's own. */
  proxyServer?: string;
  [name: string]: any;
}

/** What one login keeps in memory. */
export class State {
  me = '';
  ready = false;
  /** Milliseconds that the server's clock is ahead. */
  clock = 0;
  limits: Frame = {};
  readonly conversations = new Map<string, Conversation>();
  readonly histories = new Map<string, History>();
  readonly groups = new Map<string, Group>();
  readonly profiles = new Map<string, Profile>();
  /** Profiles that came from the server, and not from a message alone. */
  readonly known = new Set<string>();
  /** Accounts whose profile was asked for because a frame named them. */
  readonly asked = new Set<string>();
  /** Frames that are not taken yet. */
  readonly held: Frame[] = [];
  /** Number of the last message of each conversation that this client has. */
  readonly positions = new Map<string, number>();
  /** Messages since the last acknowledgement, by conversation. */
  readonly unacknowledged = new Map<string, number>();
  /** Messages that this client is recalling, by id. */
  readonly recalling = new Set<string>();
  readonly drafts = new Map<string, string>();
  readonly attributes = new Map<string, Record<string, string>>();
  /** Conversations whose numbers are those of live groups that this client has entered. */
  readonly live = new Set<string>();
  /** Names of conversation groups, and their numbers at the server. */
  readonly folders = new Map<string, number>();
  tips = 0;
}

/** What all methods share: options, listeners, the session, and the state of the login. */
export class Core {
  readonly emitter = new Emitter();
  state = new State();
  session?: Session;
  private listIsDue = false;
  private unread = 0;

  constructor(readonly options: ChatOptions) {}

  get me(): string {
    return this.state.me;
  }

  async request(command: string, fields: Frame = {}): Promise<Frame> {
    if (!this.session) throw new ChatError(CODE.NOT_LOGGED_IN, 'log in first');
    return this.session.request(command, fields);
  }

  emit(name: string, data?: unknown): void {
    this.emitter.emit(name, data);
  }

  profile(userID: string): Profile {
    const known = this.state.profiles.get(userID);
    if (known) return known;
    const profile = newProfile(userID);
    this.state.profiles.set(userID, profile);
    return profile;
  }

  group(groupID: string): Group {
    const known = this.state.groups.get(groupID);
    if (known) return known;
    const group = newGroup(groupID);
    this.state.groups.set(groupID, group);
    return group;
  }

  history(conversationID: string): History {
    const known = this.state.histories.get(conversationID);
    if (known) return known;
    const history = new History();
    this.state.histories.set(conversationID, history);
    return history;
  }

  findMessage(id: string): Message | undefined {
    for (const history of this.state.histories.values()) {
      const message = history.get(id);
      if (message) return message;
    }
    return undefined;
  }

  /** The conversation of this id, made where the list has none. */
  conversation(conversationID: string): Conversation {
    const known = this.state.conversations.get(conversationID);
    if (known) return known;
    const place = placeOf(conversationID);
    if (!place) throw new ChatError(CODE.CONVERSATION_ID, `${conversationID} is not the id of a conversation`);
    const group = place.type === TYPES.CONV_GROUP ? this.group(place.to) : undefined;
    const conversation: Conversation = {
      conversationID,
      type: place.type,
      subType: group?.type ?? '',
      unreadCount: 0,
      lastMessage: noLastMessage(),
      groupProfile: group,
      userProfile: place.type === TYPES.CONV_C2C ? this.profile(place.to) : undefined,
      groupAtInfoList: [],
      remark: '',
      isPinned: false,
      messageRemindType: group?.selfInfo.messageRemindType ?? 'AcceptAndNotify',
      markList: [],
      customData: '',
      conversationGroupList: [],
      draftText: this.state.drafts.get(conversationID) ?? '',
    };
    this.state.conversations.set(conversationID, conversation);
    return conversation;
  }

  /** All conversations: pinned ones first, then by their last message. */
  conversations(): Conversation[] {
    const rank = (one: Conversation) => (one.isPinned ? 1 : 0);
    const listed = [...this.state.conversations.values()].filter((one) => !one._hidden);
    return listed.sort(
      (one, other) => rank(other) - rank(one) || other.lastMessage.lastTime - one.lastMessage.lastTime,
    );
  }

  groups(): Group[] {
    return [...this.state.groups.values()].filter((group) => group._joined);
  }

  totalUnread(): number {
    let total = 0;
    for (const one of this.state.conversations.values()) {
      if (!one._hidden && one.messageRemindType === TYPES.MSG_REMIND_ACPT_AND_NOTE) total += one.unreadCount;
    }
    return total;
  }

  /** Says that the list of conversations changed, once for all changes of one frame. */
  listChanged(): void {
    if (!this.state.ready || this.listIsDue) return;
    this.listIsDue = true;
    const { state } = this;
    queueMicrotask(() => {
      this.listIsDue = false;
      if (state === this.state && state.ready) this.emitList();
    });
  }

  emitList(): void {
    this.emit(EVENT.CONVERSATION_LIST_UPDATED, this.conversations());
    const unread = this.totalUnread();
    if (unread !== this.unread) {
      this.unread = unread;
      this.emit(EVENT.TOTAL_UNREAD_MESSAGE_COUNT_UPDATED, unread);
    }
  }

  emitGroups(): void {
    if (this.state.ready) this.emit(EVENT.GROUP_LIST_UPDATED, this.groups());
  }

  /** Takes a message as the last one of its conversation, unless that has a newer one. */
  setLast(conversation: Conversation, message: Message): void {
    if (message.time < conversation.lastMessage.lastTime) return;
    conversation.lastMessage = {
      lastTime: message.time,
      lastSequence: message.sequence,
      fromAccount: message.from,
      isRevoked: message.isRevoked,
      revoker: message.revoker || '',
      isPeerRead: message.isPeerRead,
      messageForShow: message.isRevoked ? '' : shownAs(message.type, message.payload),
      type: message.type,
      payload: message.payload,
      nick: message.nick,
      nameCard: message.nameCard,
      version: message._version ?? 0,
      cloudCustomData: message.cloudCustomData,
    };
    if (conversation.groupProfile) conversation.groupProfile.lastMessage = conversation.lastMessage;
  }

  /** Forgets the login. Listeners stay. */
  reset(): void {
    this.session?.close();
    this.session = undefined;
    this.state = new State();
    this.unread = 0;
  }
}
