// The window: a form, and a story that grows. All it knows of the engine is window.bitTtt.
// SPDX-License-Identifier: MIT

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

const form = element('form', HTMLFormElement);
const prompt = element('prompt', HTMLTextAreaElement);
const temperature = element('temperature', HTMLInputElement);
const seed = element('seed', HTMLInputElement);
const writeButton = element('write', HTMLButtonElement);
const stopButton = element('stop', HTMLButtonElement);
const story = element('story', HTMLElement);
const status = element('status', HTMLElement);

/** @param {boolean} busy */
function setBusy(busy) {
  writeButton.disabled = busy;
  stopButton.disabled = !busy;
  story.setAttribute('aria-busy', String(busy));
}

/** @param {StoryEnd} end */
const sentence = ({ error, stopped }) => error ?? (stopped ? 'Stopped.' : 'Written.');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  setBusy(true);
  status.textContent = 'Writing ...';
  story.textContent = prompt.value;
  const request = {
    prompt: prompt.value,
    temperature: temperature.valueAsNumber,
    seed: seed.valueAsNumber,
  };
  try {
    const end = await window.bitTtt.write(request, (piece) => story.append(piece));
    status.textContent = sentence(end);
  } catch (error) {
    status.textContent = error instanceof Error ? error.message : String(error);
  } finally {
    setBusy(false);
  }
});
stopButton.addEventListener('click', () => window.bitTtt.stop());

/** @param {EngineInfo} info */
function showEngine({ backend, kernel, fallback }) {
  element('engine', HTMLElement).textContent =
    backend === 'native' ? `Native addon, ${kernel}` : `WebAssembly: ${fallback ?? 'as asked'}`;
}

window.bitTtt.info().then(showEngine, (error) => (status.textContent = String(error)));
