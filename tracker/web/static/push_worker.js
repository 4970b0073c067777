// The service worker: shows what is pushed, also while no page is open, and opens the tracker when it is pressed.
"use strict";

const scope = self.registration.scope; // where the pages are reached, with the path below which they stand

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data.json();
  } catch {
    // a browser takes the right to push away from a site that shows nothing
  }
  event.waitUntil(
    self.registration.showNotification(told.title || "Pump tracker", {
      body: told.body ?? "Open the tracker to see what needs you.",
      tag: told.id, // one that comes a second time takes the first one's place
      data: { link: told.link },
      requireInteraction: told.priority === "high",
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const link = new URL(event.notification.data?.link || scope, scope).href;
  event.waitUntil(self.clients.openWindow(link.startsWith(scope) ? link : scope));
});
