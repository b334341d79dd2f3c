import { TYPES, type Message } from '../src/index.js';
import { app, client, isGroup, isTopic, partnerOf } from './app.js';
import { $, sorry } from './dom.js';
import { conversation } from './list.js';
import { send } from './message.js';
import { arrived, lastOwn } from './thread.js';

/** The message that is being changed, if any. */
let edited: Message | undefined;

const field = (): HTMLTextAreaElement => $<HTMLTextAreaElement>('say');

/** As high as what is written, up to what the style allows. */
function fit(): void {
  field().style.height = 'auto';
  field().style.height = `${field().scrollHeight}px`;
  $<HTMLButtonElement>('send').disabled = field().value.trim() === '';
}

function write(text: string): void {
  field().value = text;
  fit();
}

export function edit(message: Message): void {
  edited = message;
  $('editing').hidden = false;
  write(message.payload.text);
  field().focus();
}

function endEdit(): void {
  edited = undefined;
  $('editing').hidden = true;
  write('');
}

async function change(message: Message, text: string): Promise<void> {
  const before = message.payload;
  message.payload = { ...before, text };
  try {
    await client().modifyMessage(message);
  } catch (error) {
    message.payload = before;
    sorry(error);
  }
  arrived([message]);
}

function submit(): void {
  const text = field().value.trim();
  if (!text || !app.open) return;
  if (edited) {
    const message = edited;
    endEdit();
    if (text !== message.payload.text) void change(message, text);
    return;
  }
  write('');
  const to = isTopic(app.open) ? app.open.slice('GROUP'.length) : partnerOf(app.open);
  const conversationType = isGroup(app.open) ? TYPES.CONV_GROUP : TYPES.CONV_C2C;
  try {
    void send(client().createTextMessage({ to, conversationType, payload: { text } }));
  } catch (error) {
    sorry(error);
  }
}

/** Keeps what is written for when the conversation is opened again. */
export function keepDraft(): void {
  if (edited) endEdit();
  const shown = conversation(app.open);
  const draftText = field().value;
  if (!shown || shown.draftText === draftText) return;
  client().setConversationDraft({ conversationID: app.open, draftText }).catch(sorry);
}

/** Shows what was written before. */
export function takeDraft(): void {
  write(conversation(app.open)?.draftText ?? '');
}

export function startComposer(): void {
  $<HTMLFormElement>('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
    field().focus();
  });
  field().addEventListener('input', fit);
  field().addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === 'Escape' && edited) {
      event.stopPropagation();
      endEdit();
    } else if (event.key === 'ArrowUp' && field().value === '') {
      const message = lastOwn();
      if (message) edit(message);
    }
  });
  $('end-edit').addEventListener('click', endEdit);
}
