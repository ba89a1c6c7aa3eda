// The flow of the bench, by Playwright: node flow.mjs URL CHROMIUM FIELDS
import { chromium } from 'playwright-core';

const [url, executablePath, fields] = process.argv.slice(2);
const begun = performance.now();
const browser = await chromium.launch({ executablePath, args: ['--disable-quic'] });
const context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, ignoreHTTPSErrors: true });
const page = await context.newPage();
await page.goto(url);
const opened = performance.now();
for (let field = 0; field < Number(fields); field++) {
  await page.fill(`#field-${field}`, `value ${field}`);
  await page.click(`#button-${field}`);
}
const text = await page.textContent('#result');
if (text !== `clicks ${fields}`) throw new Error(`the page shows ${text}`);
const acted = performance.now();
await browser.close();
console.log(JSON.stringify({ first: opened - begun, actions: acted - opened, all: performance.now() - begun }));
