// sw.js - keeps the page's files, so that it works without a network after the first visit. The list
// and its version are put in by the build. A newer version waits until no page of the older one is open,
// which may still need its files.
// SPDX-License-Identifier: MIT
const files = __FILES__;
// Other copies of the page may live on this origin: each has caches of its own.
const prefix = `bit-ttt-demo ${self.registration.scope} `;
const cacheName = prefix + __VERSION__;

self.addEventListener('install', (event) => {
  const keep = async () => {
    const cache = await caches.open(cacheName);
    await cache.addAll(files.map((file) => new Request(file, { cache: 'reload' })));
  };
  event.waitUntil(keep());
});

self.addEventListener('activate', (event) => {
  const clear = async () => {
    const old = (await caches.keys()).filter(
      (name) => name.startsWith(prefix) && name !== cacheName,
    );
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(clear());
});

self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return;
  const find = async () => {
    const cache = await caches.open(cacheName);
    return (await cache.match(event.request, { ignoreSearch: true })) ?? fetch(event.request);
  };
  event.respondWith(find());
});
