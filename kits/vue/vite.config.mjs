import vue from '@vitejs/plugin-vue';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export default {
  root: at('.'),
  plugins: [vue()],
  resolve: {
    alias: [
      { find: /^@tencentcloud\/lite-chat\/plugins\/.*/, replacement: at('../../packages/chat/dist/plugin.js') },
      { find: /^@tencentcloud\/(lite-chat(\/.*)?|chat)$/, replacement: at('../../packages/chat/dist/index.js') },
      { find: /^@trtc\/calls-uikit-vue.*/, replacement: at('nothing.js') },
    ],
  },
  build: { minify: false, chunkSizeWarningLimit: 10_000 },
};
