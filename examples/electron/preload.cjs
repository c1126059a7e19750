// The only bridge between the page and the main process; a sandboxed preload must be CommonJS.
// SPDX-License-Identifier: MIT
const { contextBridge, ipcRenderer } = require('electron');

/** @type {Bridge} */
const bridge = {
  async call(id, name, params, onEvent) {
    /** @type {(event: unknown, of: number, told: unknown) => void} */
    const listener = (_event, of, told) => of === id && onEvent(told);
    ipcRenderer.on('event', listener);
    try {
      return await ipcRenderer.invoke('call', id, name, params);
    } finally {
      ipcRenderer.off('event', listener);
    }
  },
  abort: (id) => ipcRenderer.send('abort', id),
};
contextBridge.exposeInMainWorld('bitTtt', bridge);
