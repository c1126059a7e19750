// A stand-in for the app's preload: stories of two words, which wait to be stopped.
// SPDX-License-Identifier: MIT
{
  let stopped;
  window.bitTtt = {
    info: async () => ({ backend: 'native', kernel: 'avx2', fallback: null }),
    async write({ prompt }, onPiece) {
      if (prompt === 'fail') return { stopped: false, error: 'No.' };
      onPiece(' ');
      onPiece('sat');
      await new Promise((resolve) => (stopped = resolve));
      return { stopped: true, error: null };
    },
    stop: () => stopped(),
  };
}
