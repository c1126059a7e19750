// The main process: loads the addon, opens one sandboxed window and answers its preload.
// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { app, BrowserWindow, ipcMain } from 'electron';

import { answer } from './app/engine.js';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** What windows have asked for and still wait for, by window and number. */
const running = new Map();

/** @param {number} window */
function stopAll(window) {
  for (const [key, controller] of running) if (key.startsWith(`${window}:`)) controller.abort();
}

function openWindow() {
  const window = new BrowserWindow({
    width: 860,
    height: 760,
    webPreferences: {
      preload: join(folder, 'preload.cjs'),
      contextIsolation: true,
      nodeIntegration: false,
      sandbox: true,
    },
  });
  const { webContents } = window;
  const { id } = webContents;
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  webContents.on('will-navigate', (event) => event.preventDefault());
  // Who has been reloaded, has crashed or is closed waits for nothing any more.
  webContents.on('did-start-navigation', () => stopAll(id));
  webContents.on('render-process-gone', () => stopAll(id));
  window.on('closed', () => stopAll(id));
  return window.loadFile(join(folder, 'app/index.html'));
}

ipcMain.handle('call', async ({ sender }, number, name, params) => {
  const key = `${sender.id}:${number}`;
  const controller = new AbortController();
  running.set(key, controller);
  /** @param {unknown} event */
  const report = (event) => {
    if (!sender.isDestroyed()) sender.send('event', number, event);
  };
  try {
    return await answer(name, params, { signal: controller.signal, report });
  } finally {
    running.delete(key);
  }
});
ipcMain.on('abort', ({ sender }, number) => running.get(`${sender.id}:${number}`)?.abort());

app.on('window-all-closed', () => app.quit());
app.on('activate', () => {
  if (BrowserWindow.getAllWindows().length === 0) void openWindow();
});
// Not awaited: Electron is ready only after this module has been evaluated.
void app.whenReady().then(openWindow);
