// The kit as an app would use it: the only thing that is of Landfall is the alias in vite.config.mjs.
import {
  Chat,
  ChatHeader,
  ChatSetting,
  ContactInfo,
  ContactList,
  ConversationList,
  MessageInput,
  MessageList,
  UIKitProvider,
  useLoginStore,
} from '@tencentcloud/chat-uikit-react';
import React, { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import '../problems.js';

const query = new URLSearchParams(location.hash.slice(1));
const account = { sdkAppID: Number(query.get('app')), userID: query.get('user'), userSig: query.get('sig') };

function App() {
  const { loginStatus, login } = useLoginStore();
  const [tab, setTab] = useState('chats');
  useEffect(() => {
    login({ ...account, useUploadPlugin: true, proxyServer: query.get('server') });
  }, []);
  if (loginStatus !== 'logined') return null;
  const side = { width: 300, display: 'flex', flexDirection: 'column' };
  return (
    <UIKitProvider language="en-US" theme="light">
      <nav>
        <button onClick={() => setTab('chats')}>All chats</button>
        <button onClick={() => setTab('contacts')}>All contacts</button>
      </nav>
      {tab === 'chats' ? (
        <main style={{ display: 'flex', height: '94vh' }}>
          <div style={side}>
            <ConversationList />
          </div>
          <Chat style={{ flex: 1 }}>
            <ChatHeader />
            <MessageList enableReadReceipt />
            <MessageInput actions={['ImagePicker']} />
          </Chat>
          <div style={side}>
            <ChatSetting />
          </div>
        </main>
      ) : (
        <main style={{ display: 'flex', height: '94vh' }}>
          <div style={side}>
            <ContactList />
          </div>
          <ContactInfo style={{ flex: 1 }} />
        </main>
      )}
    </UIKitProvider>
  );
}

createRoot(document.getElementById('app')).render(<App />);
