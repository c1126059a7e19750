// The main process: loads the addon, opens one sandboxed window and answers its preload.
// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BrowserWindow, app, ipcMain } from 'electron';

import { info, stop, write } from './stories.js';

const folder = fileURLToPath(new URL('.', import.meta.url));

function openWindow() {
  const window = new BrowserWindow({
    width: 760,
    height: 620,
    webPreferences: {
      preload: join(folder, 'preload.cjs'),
      contextIsolation: true,
      nodeIntegration: false,
      sandbox: true,
    },
  });
  window.webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  window.webContents.on('will-navigate', (event) => event.preventDefault());
  window.on('closed', stop);
  return window.loadFile(join(folder, 'index.html'));
}

ipcMain.handle('info', info);
ipcMain.handle('write', (event, request) =>
  write(request, (piece) => {
    if (!event.sender.isDestroyed()) event.sender.send('piece', piece);
  }),
);
ipcMain.on('stop', stop);

app.on('window-all-closed', () => app.quit());
app.on('activate', () => {
  if (BrowserWindow.getAllWindows().length === 0) void openWindow();
});
// Not awaited: Electron is ready only after this module has been evaluated.
void app.whenReady().then(openWindow);
