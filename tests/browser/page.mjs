// Runs on the page and, through worker.mjs, in a worker; leaves its findings in #result as JSON.
// SPDX-License-Identifier: MIT
import { exercise } from './exercise.mjs';

const inWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker('worker.mjs', { type: 'module' });
    worker.onmessage = (event) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
  });

const element = document.querySelector('#result');
try {
  element.textContent = JSON.stringify({ page: await exercise(), worker: await inWorker() });
} catch (error) {
  element.textContent = JSON.stringify({ error: String(error?.stack ?? error) });
}
