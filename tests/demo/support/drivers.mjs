// drivers.mjs - three browser engines behind one small set of actions: open, evaluate, click, type,
// select, upload, screenshot, close. Each acts as a person would, through the browser's own input.
// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { programPath } from '../../../scripts/toolchain.mjs';
import { chromiumPath, launchChromium, newContext, WAIT_MS } from '../../support/browser.mjs';

async function openChromium() {
  const browser = await launchChromium();
  const page = await (
    await newContext(browser, { viewport: { width: 1000, height: 900 } })
  ).newPage();
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  return {
    page,
    problems,
    open: (url) => page.goto(url),
    evaluate: (expression) => page.evaluate(expression),
    click: (selector) => page.click(selector),
    type: (selector, text) => page.fill(selector, text),
    select: (selector, value) => page.selectOption(selector, value),
    upload: (selector, path) => page.setInputFiles(selector, path),
    screenshot: (path) => page.screenshot({ path, fullPage: true }),
    close: () => browser.close(),
  };
}

async function openFirefox() {
  const puppeteer = (await import('puppeteer-core')).default;
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: programPath('firefox-esr', 'firefox'),
    headless: true,
    timeout: WAIT_MS,
    protocolTimeout: WAIT_MS,
  });
  const page = await browser.newPage();
  page.setDefaultTimeout(WAIT_MS);
  await page.setViewport({ width: 1000, height: 900 });
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  return {
    problems,
    open: (url) => page.goto(url),
    evaluate: (expression) => page.evaluate(expression),
    click: (selector) => page.click(selector),
    async type(selector, text) {
      await page.focus(selector);
      await page.evaluate(`document.activeElement.value = ''`);
      await page.type(selector, text);
    },
    select: (selector, value) => page.select(selector, value),
    upload: async (selector, path) => (await page.$(selector)).uploadFile(path),
    screenshot: (path) => page.screenshot({ path, fullPage: true }),
    close: () => browser.close(),
  };
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `ask` gives something true; after WAIT_MS an error says what is not so. */
async function trueAfter(complaint, ask) {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await wait(50)) if (await ask()) return;
  throw new Error(`${complaint} after ${WAIT_MS / 1000} s`);
}

/** Starts a program and gives a function that ends it. */
function start(command, args, env = {}) {
  const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, ...env } });
  const closed = new Promise((resolve) => child.on('close', resolve));
  return async () => {
    child.kill();
    await Promise.race([closed, wait(3000)]);
    child.kill('SIGKILL');
  };
}

/** W3C WebDriver over HTTP. */
class WebDriver {
  constructor(port) {
    this.base = `http://127.0.0.1:${port}`;
  }

  async send(method, path, body) {
    const options = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${this.base}${path}`, { method, ...options });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${path}: ${value.error}: ${value.message}`);
    return value;
  }

  ready() {
    return trueAfter('the WebKitGTK driver does not answer', () =>
      this.send('GET', '/status').catch(() => false),
    );
  }

  async element(selector) {
    const found = await this.send('POST', `${this.session}/element`, {
      using: 'css selector',
      value: selector,
    });
    return `${this.session}/element/${Object.values(found)[0]}`;
  }
}

/** A display and a driver of their own. */
async function openWebKit() {
  const display = 90 + Math.floor(Math.random() * 400);
  const port = 20000 + Math.floor(Math.random() * 20000);
  const home = mkdtempSync(join(tmpdir(), 'bit-ttt-webkit-'));
  // Without a locale the browser's language is "C", which Intl refuses.
  const env = { DISPLAY: `:${display}`, HOME: home, LANG: 'en_US.UTF-8', LC_ALL: 'en_US.UTF-8' };
  const stops = [
    start('Xvfb', [`:${display}`, '-screen', '0', '1100x1000x24', '-nolisten', 'tcp']),
  ];
  await trueAfter('Xvfb is not there', () => existsSync(`/tmp/.X11-unix/X${display}`));
  stops.unshift(start(programPath('WebKitWebDriver'), [`--port=${port}`, '--host=127.0.0.1'], env));
  const driver = new WebDriver(port);
  const end = async () => {
    for (const stop of stops) await stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await driver.ready();
    const capabilities = {
      alwaysMatch: {
        'webkitgtk:browserOptions': { args: ['--automation'], binary: miniBrowser() },
      },
    };
    const { sessionId } = await driver.send('POST', '/session', { capabilities });
    driver.session = `/session/${sessionId}`;
  } catch (error) {
    await end();
    throw error;
  }
  return actionsOf(driver, end);
}

function miniBrowser() {
  const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/libexec'];
  const found = folders
    .flatMap((folder) => ['4.1', '4.0', '6.0'].map((v) => `${folder}/webkit2gtk-${v}/MiniBrowser`))
    .find((path) => existsSync(path));
  if (!found) throw new Error('MiniBrowser of WebKitGTK was not found');
  return found;
}

function actionsOf(driver, end) {
  const evaluate = (expression) =>
    driver.send('POST', `${driver.session}/execute/sync`, {
      script: `return (${expression})`,
      args: [],
    });
  return {
    problems: [], // WebDriver does not tell what the console says
    open: (url) => driver.send('POST', `${driver.session}/url`, { url }),
    evaluate,
    click: async (selector) => driver.send('POST', `${await driver.element(selector)}/click`, {}),
    async type(selector, text) {
      const element = await driver.element(selector);
      await driver.send('POST', `${element}/clear`, {});
      await driver.send('POST', `${element}/value`, { text });
    },
    async select(selector, value) {
      const option = await driver.element(`${selector} option[value="${value}"]`);
      await driver.send('POST', `${option}/click`, {});
    },
    upload: async (selector, path) =>
      driver.send('POST', `${await driver.element(selector)}/value`, { text: path }),
    async screenshot(path) {
      const base64 = await driver.send('GET', `${driver.session}/screenshot`);
      writeFileSync(path, Buffer.from(base64, 'base64'));
    },
    async close() {
      await driver.send('DELETE', driver.session).catch(() => {});
      await end();
    },
  };
}

/** Every engine: whether it is here, what installs it, and how to open it. */
export const engines = [
  { name: 'Chromium', here: Boolean(chromiumPath), hint: 'chromium', launch: openChromium },
  {
    name: 'Firefox',
    here: Boolean(programPath('firefox-esr', 'firefox')),
    hint: 'firefox-esr',
    launch: openFirefox,
  },
  {
    name: 'WebKitGTK',
    here: Boolean(programPath('WebKitWebDriver') && programPath('Xvfb')),
    hint: 'webkit2gtk-driver xvfb',
    launch: openWebKit,
  },
];

/** Waits until an expression is true on the page. */
export const until = (browser, expression) =>
  trueAfter(`still not true: ${expression}`, () => browser.evaluate(expression));
