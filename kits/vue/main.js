// The kit as an app would use it: the only thing that is of Landfall is the alias in vite.config.mjs.
import { TUIKit } from '@tencentcloud/chat-uikit-vue';
import { TUILogin } from '@tencentcloud/tui-core-lite';
import { createApp, h } from 'vue';

const query = new URLSearchParams(location.hash.slice(1));
const SDKAppID = Number(query.get('app'));
const login = { SDKAppID, userID: query.get('user'), userSig: query.get('sig') };

window.problems = [];
window.addEventListener('unhandledrejection', ({ reason }) => window.problems.push(`${reason?.code}: ${reason?.message}`));
window.addEventListener('error', ({ message }) => window.problems.push(message));

TUILogin.login({ ...login, useUploadPlugin: true, proxyServer: query.get('server'), framework: 'vue3' });
createApp({ render: () => h('div', { style: 'height: 90vh' }, [h(TUIKit, login)]) }).mount('#app');
