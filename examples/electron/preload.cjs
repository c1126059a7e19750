// The only bridge between the page and the main process; a sandboxed preload must be CommonJS.
// SPDX-License-Identifier: MIT
const { contextBridge, ipcRenderer } = require('electron');

/** @type {StoryBridge} */
const bridge = {
  info: () => ipcRenderer.invoke('info'),
  async write(request, onPiece) {
    /** @type {(event: unknown, piece: string) => void} */
    const listener = (_event, piece) => onPiece(piece);
    ipcRenderer.on('piece', listener);
    try {
      return await ipcRenderer.invoke('write', request);
    } finally {
      ipcRenderer.off('piece', listener);
    }
  },
  stop: () => ipcRenderer.send('stop'),
};
contextBridge.exposeInMainWorld('bitTtt', bridge);
