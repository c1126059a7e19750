// page.mjs - the demo as the tests use it: built once, served, and the steps that all tests share.
// SPDX-License-Identifier: MIT
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildDemo, serve } from '../../../web-demo/serve.mjs';
import { until } from './drivers.mjs';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const screenshots = join(root, 'build/screenshots');

let built;

/** A server of the page; it is built when it is first asked for. */
export async function serveDemo(options) {
  mkdirSync(screenshots, { recursive: true });
  await (built ??= buildDemo());
  const server = await serve(options);
  const address = `http://127.0.0.1:${server.address().port}${options?.base ?? '/'}`;
  return { address, close: () => server.close() };
}

const quoted = (text) => JSON.stringify(text);
export const textOf = (browser, selector) =>
  browser.evaluate(`document.querySelector(${quoted(selector)}).textContent`);

/** Waits until engine and model are there, and the sample log was read. */
export async function openDemo(browser, address) {
  await browser.open(address);
  await until(browser, `Boolean(document.querySelector('#model')?.textContent)`);
  await idle(browser, 'watch');
}

export const idle = (browser, tab) =>
  until(browser, `document.querySelector('#${tab}').getAttribute('aria-busy') === 'false'`);

/** Clicks on a button of a tab and waits until its work is done; a problem is an error. */
export async function press(browser, tab, button) {
  await browser.evaluate(`document.querySelector('#${tab}').removeAttribute('aria-busy')`);
  await browser.click(`#${tab} ${button}`);
  await idle(browser, tab);
  const problem = await textOf(browser, `#${tab} .problem`);
  if (problem !== '') throw new Error(`the page says: ${problem}`);
}

export const submit = (browser, tab) => press(browser, tab, 'button[type=submit]');
export const openTab = (browser, tab) => browser.click(`#tab-${tab}`);
