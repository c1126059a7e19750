/**
 * main.ts - sets the page up: tabs, engine, model, offline use.
 * SPDX-License-Identifier: MIT
 */
import modelUrl from '../models/bit-llama.bitt?url';
import { reader } from './client.js';
import { figure, find } from './dom.js';
import { WorkerError } from './problem.js';
import type { ModelInfo } from './protocol.js';
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

function showModel({ parameters, fingerprint, layers }: ModelInfo): void {
  find(document, '#model').textContent =
    `Model ${fingerprint}: ${figure(parameters)} parameters, ${layers} layers.`;
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

async function start(model: ShippedModel): Promise<void> {
  await showEngine();
  model.onOpen = showModel;
  showModel(await model.ready());
  if (import.meta.env.PROD) await keepForOffline();
}

/** A file that is dropped beside its place must not take the person away from the page. */
function keepPage(): void {
  for (const name of ['dragover', 'drop'])
    window.addEventListener(name, (event) => event.preventDefault());
}

keepPage();
setUpTabs();
const model = new ShippedModel(reader, new URL(modelUrl, document.baseURI).href);
reader.onEnd = () => model.forget();
setUpWrite(model);
setUpTell(model);
setUpWatch();
setUpTrain();
setUpSpeed();
start(model).catch(complain);
