// Builds the page /console/try of the server: one file, with the web SDK in it. With --check, it only compares.
import { build } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';

const at = (path) => new URL(path, import.meta.url);
const PAGE = at('../../../crates/server/src/console/try.html');

const common = { bundle: true, minify: true, write: false, charset: 'utf8', legalComments: 'none', target: 'es2022' };
const [script, style] = await Promise.all([
  build({ ...common, entryPoints: [at('main.ts').pathname], format: 'iife' }),
  build({ ...common, entryPoints: [at('style.css').pathname], target: 'chrome111' }),
]);
const text = ({ outputFiles: [file] }) => file.text.trimEnd();
const html = readFileSync(at('index.html'), 'utf8')
  .replace('<style></style>', () => `<style>\n${text(style)}\n</style>`)
  .replace('<script></script>', () => `<script>\n${text(script)}\n</script>`);
if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, html);
} else if (readFileSync(PAGE, 'utf8') !== html) {
  console.error('crates/server/src/console/try.html is out of date; run `npm run page` in packages/chat');
  process.exit(1);
}
console.log(`the page has ${html.length} characters`);
