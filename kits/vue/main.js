// The kit as an app would use it: the only thing that is of Landfall is the alias in vite.config.mjs. Without properties the
// kit speaks English; the language of an app with a number follows from the number.
import { TUIKit } from '@tencentcloud/chat-uikit-vue';
import { TUILogin } from '@tencentcloud/tui-core-lite';
import { createApp, h } from 'vue';
import '../problems.js';

const query = new URLSearchParams(location.hash.slice(1));

TUILogin.login({
  SDKAppID: Number(query.get('app')),
  userID: query.get('user'),
  userSig: query.get('sig'),
  proxyServer: query.get('server'),
  useUploadPlugin: true,
  framework: 'vue3',
}).then(() => createApp({ render: () => h('div', { style: 'height: 90vh' }, [h(TUIKit)]) }).mount('#app'));
