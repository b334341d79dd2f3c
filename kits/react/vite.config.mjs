import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { alias, external } from '../sdk.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export default {
  root: at('.'),
  logLevel: 'error',
  plugins: [react()],
  resolve: {
    alias: [
      ...alias,
      { find: /^(@tencentcloud\/tuiroom-engine-js|trtc-cloud-js-sdk|svgaplayerweb)$/, replacement: at('../nothing.js') },
    ],
  },
  build: { minify: false, chunkSizeWarningLimit: 10_000, rollupOptions: { external, makeAbsoluteExternalsRelative: false } },
};
