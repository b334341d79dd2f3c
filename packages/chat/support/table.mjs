// The table of methods in docs/web.md, from what the tests called against a server (`npm test` records it). Compares the two, or
// writes the table with --write.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { ALL, METHODS } from './methods.mjs';

const PAGE = new URL('../../../docs/web.md', import.meta.url);
const CALLS = new URL('calls/', import.meta.url);
/** Methods that work at least. */
const LEAST = 110;
const [BEGIN, END] = ['<!-- methods: written by npm run support -- --write -->', '<!-- end of methods -->'];

const records = readdirSync(CALLS).map((file) => JSON.parse(readFileSync(new URL(file, CALLS), 'utf8')));
const done = new Set(records.flatMap((record) => record.done));
const refused = new Set(records.flatMap((record) => record.refused));

const fail = (text) => {
  console.error(text);
  process.exit(1);
};
const untested = ALL.filter((name) => !done.has(name) && !refused.has(name));
if (0 < untested.length) fail(`no test calls ${untested.join(', ')}`);
const works = ALL.filter((name) => done.has(name));
if (works.length < LEAST) fail(`${works.length} methods work; ${LEAST} have to`);

const support = (name) => (!done.has(name) ? '3122' : refused.has(name) ? 'in part' : 'yes');
const rows = Object.entries(METHODS).flatMap(([about, names]) =>
  names.map((name, at) => `| ${at === 0 ? about : ''} | \`${name}\` | ${support(name)} |`),
);
const partly = ALL.filter((name) => support(name) === 'in part').length;
const table = [
  BEGIN,
  '',
  `${works.length} of ${ALL.length} methods work: a test calls each of them, against a server, and it succeeds. ${partly} of them do`,
  `so for a part of what they are for, and reject the rest with 3122. The other ${ALL.length - works.length} always reject with 3122.`,
  '',
  '| About | Method | Works |',
  '|---|---|---|',
  ...rows,
  '',
  END,
].join('\n');

const page = readFileSync(PAGE, 'utf8');
const [before, rest] = page.split(BEGIN);
const after = rest?.split(END)[1];
if (after === undefined) fail(`docs/web.md has no place between ${BEGIN} and ${END}`);
const wanted = `${before}${table}${after}`;
if (process.argv.includes('--write')) writeFileSync(PAGE, wanted);
else if (page !== wanted) fail('docs/web.md: the table of methods is out of date; run `npm run support -- --write`');
console.log(`${works.length} of ${ALL.length} methods work`);
