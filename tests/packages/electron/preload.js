// A stand-in for the app's preload: stories of two words, which wait to be stopped.
// SPDX-License-Identifier: MIT
{
  const waiting = new Map();
  const token = (text) => ({
    text,
    probability: 0.5,
    surprise: 1.25,
    alternatives: [{ text: ' lay', probability: 0.25 }],
  });
  const calls = {
    about: () => ({
      result: { version: '0.0.0', backend: 'native', kernel: 'avx2', fallback: null },
    }),
    open: () => ({ result: { parameters: 1, fingerprint: '0', layers: 1, stateSize: 1 } }),
    async write({ prompt }, id, onEvent) {
      if (prompt === 'fail') return { problem: { code: 'FAILED', message: 'no' } };
      onEvent({ tokens: [token(' <i>'), token(' sat')], tokensPerSecond: 100 });
      await new Promise((resolve) => waiting.set(id, resolve));
      return { problem: { code: 'ABORTED', message: 'Stopped.' } };
    },
  };
  window.bitTtt = {
    call: async (id, name, params, onEvent) => calls[name](params, id, onEvent),
    abort: (id) => waiting.get(id)?.(),
  };
}
