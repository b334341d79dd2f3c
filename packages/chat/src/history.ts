import type { Message } from './models.js';

/** Messages of one conversation that are in memory, the oldest first. The app hands them on, so each is one object forever. */
export class History {
  readonly messages: Message[] = [];
  private readonly byId = new Map<string, Message>();

  get(id: string): Message | undefined {
    return this.byId.get(id);
  }

  bySequence(sequence: number): Message | undefined {
    return this.messages.find((message) => message.sequence === sequence);
  }

  byKey(key: string): Message | undefined {
    return this.messages.find((message) => message._key === key);
  }

  /** The highest number that the server gave to one of these messages. */
  lastNumber(): number {
    const numberOf = (message: Message) => (message.conversationType === 'C2C' ? (message._seq ?? 0) : message.sequence);
    return this.messages.reduce((last, message) => Math.max(last, numberOf(message)), 0);
  }

  /** Adds a message, or takes what is new of one that is there. Returns the one in memory. */
  add(message: Message): Message {
    const known = this.byId.get(message.ID) ?? this.recalled(message);
    if (known && message.isRevoked) {
      // A history has no more than this of it.
      const { isRevoked, revoker, revokerInfo, revokeReason } = message;
      return Object.assign(known, { isRevoked, revoker, revokerInfo, revokeReason });
    }
    if (known) {
      // A history does not say what was changed or read since.
      const { readReceiptInfo, isDeleted, flow } = known;
      const isPeerRead = known.isPeerRead || message.isPeerRead;
      const isModified = known.isModified || message.isModified;
      Object.assign(known, message, { readReceiptInfo, isDeleted, flow, isPeerRead, isModified });
      return known;
    }
    this.byId.set(message.ID, message);
    let place = this.messages.length;
    while (0 < place && isAfter(this.messages[place - 1]!, message)) place -= 1;
    this.messages.splice(place, 0, message);
    return message;
  }

  /** The message of a group that was recalled since: what is left of it has another id. */
  private recalled(message: Message): Message | undefined {
    return message.isRevoked && message.conversationType !== 'C2C' ? this.bySequence(message.sequence) : undefined;
  }

  remove(id: string): void {
    const message = this.byId.get(id);
    if (!message) return;
    this.byId.delete(id);
    this.messages.splice(this.messages.indexOf(message), 1);
  }

  clear(): void {
    this.messages.length = 0;
    this.byId.clear();
  }
}

function isAfter(one: Message, other: Message): boolean {
  if (one.conversationType !== 'C2C' && 0 < one.sequence && 0 < other.sequence) return other.sequence < one.sequence;
  return other.time < one.time;
}
