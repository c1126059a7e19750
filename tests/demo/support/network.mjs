// network.mjs - a slow network as a phone has it, by the browser's own emulation.
// SPDX-License-Identifier: MIT

/** 1.6 Mbit/s and 150 ms to the server and back: what page audits call slow 4G. */
export const BYTES_A_SECOND = 1.6e6 / 8;
export const LATENCY_MS = 150;

/** Makes the network of a page slow, and returns the session of the browser's protocol. */
export async function slowNetwork(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: LATENCY_MS,
    downloadThroughput: BYTES_A_SECOND,
    uploadThroughput: BYTES_A_SECOND / 2,
  });
  return session;
}
