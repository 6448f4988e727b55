// node render.mjs FOLDER CHROMIUM: draws FOLDER/feed.json, dark and light, and saves what the renderer asked for.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { chromium } from 'playwright-core';

const [folder, executablePath] = process.argv.slice(2);
const feed = JSON.parse(readFileSync(join(folder, 'feed.json'), 'utf8'));
const { visualizations, layout } = feed.definition;

const WIDTH = 1280;
const HEADER = 80; // the inputs, above the grid
const GRID = 1200; // the grid's own width, which is drawn as wide as the page
const BACKGROUNDS = { dark: '#171d21', light: '#f2f4f5' }; // Splunk's own, around the dashboard
const PATIENCE_MS = 300_000; // a busy machine is no broken dashboard
const ORIGIN = 'http://dashboard.invalid/'; // answered from `files`; whatever else the page asks for is a problem

const { outputFiles } = await esbuild.build({
  entryPoints: [join(import.meta.dirname, 'page.jsx')],
  outdir: folder,
  bundle: true,
  write: false,
  logLevel: 'error',
  loader: Object.fromEntries(['svg', 'png', 'gif', 'woff', 'woff2', 'ttf'].map((kind) => [`.${kind}`, 'dataurl'])),
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
});
const built = (kind) => outputFiles.find(({ path }) => path.endsWith(kind)).text;
const files = {
  [ORIGIN]: [
    'text/html; charset=utf-8',
    '<!doctype html><link rel="stylesheet" href="page.css"><div id="root"></div><script src="page.js"></script>',
  ],
  [`${ORIGIN}page.js`]: ['text/javascript', built('.js')],
  [`${ORIGIN}page.css`]: ['text/css', built('.css')],
};

const height = HEADER + Math.ceil((Math.max(...layout.structure.map(({ position: { y, h } }) => y + h)) * WIDTH) / GRID);
const shown = Object.values(visualizations).flatMap((panel) => Object.values(panel.dataSources));
const problems = [];
// Chromium's sandbox needs rights that root in a container lacks; the page has no network and runs our own rows alone.
const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });

async function draw(theme) {
  const page = await browser.newPage({ viewport: { width: WIDTH, height }, timezoneId: 'UTC', locale: 'en-US' });
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('console', (message) => message.type() === 'error' && problems.push(`${theme}: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(`${theme}: ${error.message}`));
  await page.route('**', (route) => {
    const url = route.request().url();
    const [contentType, body] = files[url] ?? [];
    if (contentType) return route.fulfill({ contentType, body });
    problems.push(`${theme}: the page asked for ${url}`);
    return route.abort();
  });
  await page.addInitScript((given) => Object.assign(window, given), { feed, theme });
  await page.goto(ORIGIN);
  await page.addStyleTag({ content: `body { margin: 0; background: ${BACKGROUNDS[theme]} }` });
  await page.waitForFunction((ids) => ids.every((id) => window.seen?.drawn[id]), shown);
  await page.waitForTimeout(2000); // the charts grow
  await page.screenshot({ path: join(folder, `${theme}.png`) });
  for (const [id, panel] of Object.entries(visualizations)) {
    const cell = page.locator(`[data-test="viz-item"][data-id="${id}"] td`).first();
    if (!panel.eventHandlers || !(await cell.count())) continue;
    await cell.click();
    await page.waitForFunction(() => window.seen.links.length);
  }
  const seen = await page.evaluate(() => window.seen);
  problems.push(...seen.problems.map((problem) => `${theme}: ${problem}`));
  return { queries: seen.queries, links: seen.links };
}

try {
  await draw('light');
  writeFileSync(join(folder, 'queries.json'), `${JSON.stringify(await draw('dark'), null, 2)}\n`);
} finally {
  await browser.close();
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length ? 1 : 0;
