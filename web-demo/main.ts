/**
 * main.ts - sets the page up: tabs, engine, model, offline use.
 * SPDX-License-Identifier: MIT
 */
import englishUrl from '../models/english.bitt?url';
import storiesUrl from '../models/stories.bitt?url';
import { reader } from './client.js';
import { figure, find } from './dom.js';
import { showFetching } from './fetching.js';
import { WorkerError } from './problem.js';
import type { ModelInfo, ModelName } from './protocol.js';
import { ShippedModel } from './shipped.js';
import { setUpTabs } from './tabbar.js';
import { setUpSpeed } from './tabs/speed.js';
import { setUpTell } from './tabs/tell.js';
import { setUpTrain } from './tabs/train.js';
import { setUpWatch } from './tabs/watch.js';
import { setUpWrite } from './tabs/write.js';

/** The hashes that every build of this version must give (tests/golden). */
declare const LAYER_HASH: string;
declare const MODEL_HASH: string;

const footer = find(document, '#engine');
const trouble = find(document, '#trouble');

function complain(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  const engine = error instanceof WorkerError && error.code.startsWith('BACKEND');
  trouble.textContent = engine
    ? `${text} Every browser of 2023 or later has WebAssembly with SIMD; this one lacks it or blocks it.`
    : text;
  trouble.hidden = false;
}

async function showEngine(): Promise<void> {
  const { version, kernel, layerHash, modelHash } = await reader.call('about', {});
  const same = layerHash === LAYER_HASH && modelHash === MODEL_HASH;
  const verdict = same ? 'the same bits as everywhere' : `expected ${LAYER_HASH} and ${MODEL_HASH}`;
  const isolation = crossOriginIsolated ? 'cross-origin isolated' : 'not cross-origin isolated';
  footer.replaceChildren(
    `Bit-TTT ${version}, kernel ${kernel}, ${isolation}. Conformance hashes: layer `,
    Object.assign(document.createElement('code'), { id: 'layer-hash', textContent: layerHash }),
    ', model ',
    Object.assign(document.createElement('code'), { id: 'model-hash', textContent: modelHash }),
    `; ${verdict}. `,
    Object.assign(document.createElement('span'), { id: 'model' }),
    ' ',
    Object.assign(document.createElement('span'), { id: 'offline' }),
  );
}

const opened = new Map<ModelName, ModelInfo>();

/** What is known of the models that are open. */
function showModel(name: ModelName, info: ModelInfo): void {
  opened.set(name, info);
  find(document, '#model').textContent = [...opened]
    .map(([called, { parameters, fingerprint, layers }]) => {
      const size = `${figure(parameters)} parameters, ${layers} layers`;
      return `Model ${called} ${fingerprint}: ${size}.`;
    })
    .join(' ');
  trouble.hidden = true;
}

/** After the first visit the page works without a network. */
async function keepForOffline(): Promise<void> {
  if (!('serviceWorker' in navigator) || !isSecureContext) return;
  try {
    await navigator.serviceWorker.register('./sw.js');
    await navigator.serviceWorker.ready;
    find(document, '#offline').textContent = 'Ready for use without a network.';
  } catch {
    // A page that cannot be kept still works.
  }
}

function shipped(name: ModelName, url: string): ShippedModel {
  const model = new ShippedModel(reader, name, new URL(url, document.baseURI).href);
  model.onProgress = (progress) => showFetching(name, progress);
  return model;
}

/** Opens the model of the first tab; the other one is opened when it is needed. */
async function start(): Promise<void> {
  await showEngine();
  for (const model of models) model.onOpen = (info) => showModel(model.name, info);
  showModel('stories', await stories.ready());
  if (import.meta.env.PROD) await keepForOffline();
}

/** A file that is dropped beside its place must not take the person away from the page. */
function keepPage(): void {
  for (const name of ['dragover', 'drop'])
    window.addEventListener(name, (event) => event.preventDefault());
}

keepPage();
setUpTabs();
const stories = shipped('stories', storiesUrl);
const english = shipped('english', englishUrl);
const models = [stories, english];
reader.onEnd = () => {
  for (const model of models) model.forget();
};
setUpWrite(models);
setUpTell(english);
setUpWatch();
setUpTrain();
setUpSpeed();
start().catch(complain);
