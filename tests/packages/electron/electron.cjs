// A stand-in for the module `electron`: keeps what the app registers and carries its messages, as
// copies, between a main process and a preload that here are one process.
// SPDX-License-Identifier: MIT
const { EventEmitter } = require('node:events');

const handlers = new Map();
const toMain = new EventEmitter();
const toPage = new EventEmitter();
const copy = (value) => structuredClone(value);

const sender = {
  id: 1,
  isDestroyed: () => false,
  send: (channel, ...values) => toPage.emit(channel, {}, ...values.map(copy)),
};

const windows = [];
class BrowserWindow extends EventEmitter {
  constructor(options) {
    super();
    this.options = options;
    this.webContents = Object.assign(new EventEmitter(), { id: 1, setWindowOpenHandler() {} });
    windows.push(this);
  }
  static getAllWindows = () => windows;
  async loadFile(path) {
    this.path = path;
  }
}

// As in Electron, nothing is ready before the main module has been evaluated.
let evaluated;
const ready = new Promise((resolve) => (evaluated = resolve));
exports.evaluated = evaluated;
exports.app = Object.assign(new EventEmitter(), { whenReady: () => ready, quit() {} });
exports.BrowserWindow = BrowserWindow;
exports.ipcMain = {
  handle: (channel, handler) => handlers.set(channel, handler),
  on: (channel, listener) => toMain.on(channel, listener),
};
exports.ipcRenderer = {
  invoke: async (channel, ...values) =>
    copy(await handlers.get(channel)({ sender }, ...values.map(copy))),
  send: (channel, ...values) => void toMain.emit(channel, { sender }, ...values.map(copy)),
  on: (channel, listener) => toPage.on(channel, listener),
  off: (channel, listener) => toPage.off(channel, listener),
};
exports.exposed = {};
exports.contextBridge = {
  exposeInMainWorld: (name, value) => (exports.exposed[name] = value),
};
