// Loaded before the command (--import): sends the process a signal after so many turns of its event
// loop from when it listens for signals, as SIGNAL_LATER says: {"signal": "SIGTERM", "turns": 100}.
// SPDX-License-Identifier: MIT
const { signal, turns } = JSON.parse(process.env.SIGNAL_LATER);
let left = turns;

const timer = setInterval(() => {
  if (process.listenerCount(signal) === 0 || left-- > 0) return;
  clearInterval(timer);
  process.kill(process.pid, signal);
}, 1);
timer.unref();
