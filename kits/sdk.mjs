// The alias by which a kit gets Landfall's web SDK in place of the one that it imports. The SDK stays a file of its own beside
// the kit, so that a kit is built once, whatever changes in the SDK.
export const alias = [
  { find: /^@tencentcloud\/lite-chat\/plugins\/.*/, replacement: '/sdk/plugin.js' },
  { find: /^@tencentcloud\/(lite-chat(\/.*)?|chat)$/, replacement: '/sdk/index.js' },
];
export const external = [/^\/sdk\//];
