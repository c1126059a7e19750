/**
 * main.ts - sets the page up: arrival, tabs, engine, models, offline use.
 * SPDX-License-Identifier: MIT
 */
import englishUrl from '../models/english.bitt?url';
import storiesUrl from '../models/stories.bitt?url';
import { Arrival } from './arrival.js';
import { reader } from './client.js';
import { Device } from './device.js';
import { find } from './dom.js';
import { Learning } from './learning.js';
import { WorkerError } from './problem.js';
import type { ModelName } from './protocol.js';
import { ShippedModel } from './shipped.js';
import { setUpTabs } from './tabbar.js';
import { setUpSpeed } from './tabs/speed.js';
import { setUpTell } from './tabs/tell.js';
import { setUpTrain } from './tabs/train.js';
import { setUpWatch } from './tabs/watch.js';
import { setUpWrite } from './tabs/write.js';

const trouble = find(document, '#trouble');

function complain(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  const engine = error instanceof WorkerError && error.code.startsWith('BACKEND');
  trouble.textContent = engine
    ? `${text} Every browser of 2023 or later has WebAssembly with SIMD; this one lacks it or blocks it.`
    : text;
  trouble.hidden = false;
}

/** After the first visit the page works without a network. */
async function keepForOffline(): Promise<void> {
  if (!('serviceWorker' in navigator) || !isSecureContext) return;
  try {
    await navigator.serviceWorker.register('./sw.js');
    await navigator.serviceWorker.ready;
    find(document, '#offline').textContent = 'Works without a network from now on.';
  } catch {
    // A page that cannot be kept still works.
  }
}

function shipped(name: ModelName, url: string): ShippedModel {
  const model = new ShippedModel(reader, name, new URL(url, document.baseURI).href);
  model.onOpen = (info) => {
    device.show(name, info);
    trouble.hidden = true;
  };
  return model;
}

/** Engine first; then all that is alive on arrival, while the model of the stories is downloaded. */
async function start(): Promise<void> {
  await device.start().catch((error: unknown) => {
    arrival.fail(error);
    throw error;
  });
  void learning.start();
  const story = arrival.write();
  await watch.start();
  await stories.ready();
  await story;
  if (import.meta.env.PROD) await keepForOffline();
}

/** A file that is dropped beside its place must not take the person away from the page. */
function keepPage(): void {
  for (const name of ['dragover', 'drop'])
    window.addEventListener(name, (event) => event.preventDefault());
}

/** The line that installs the package, into the clipboard where there is one. */
function setUpCopy(): void {
  const button = find<HTMLButtonElement>(document, '[name=copy]');
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(find(document, '.command code').textContent);
    button.textContent = 'Copied';
  });
}

keepPage();
setUpCopy();
const device = new Device(reader);
const stories = shipped('stories', storiesUrl);
const english = shipped('english', englishUrl);
reader.onEnd = () => {
  for (const model of [stories, english]) model.forget();
};
const arrival = new Arrival(stories, complain);
const learning = new Learning(reader);
const watch = setUpWatch();
setUpTell(english);
setUpWrite([stories, english]);
const train = setUpTrain();
setUpSpeed();
setUpTabs({ train: () => void train.prefill(), speed: () => void device.hashes() });
start().catch(complain);
