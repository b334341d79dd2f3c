/** A plugin that does nothing: what the plugins of the imitated package add is built in. */
const plugin = { name: 'landfall-chat-plugin' };
export default plugin;
