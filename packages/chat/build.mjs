// Builds dist/: one ES module for each entry point.
import { build } from 'esbuild';

await build({
  entryPoints: ['src/index.ts', 'src/plugin.ts'],
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  target: 'es2020',
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
});
