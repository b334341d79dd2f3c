import vue from '@vitejs/plugin-vue';
import { fileURLToPath } from 'node:url';
import { alias, external } from '../sdk.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export default {
  root: at('.'),
  logLevel: 'error',
  plugins: [vue()],
  resolve: { alias: [...alias, { find: /^@trtc\/calls-uikit-vue.*/, replacement: at('../nothing.js') }] },
  build: { minify: false, chunkSizeWarningLimit: 10_000, rollupOptions: { external, makeAbsoluteExternalsRelative: false } },
};
