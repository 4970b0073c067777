// Subscribes this browser to pushes. The browser asks its user for permission only after the button was pressed.
"use strict";

(() => {
  const form = document.getElementById("push-form");
  if (!form || !("serviceWorker" in navigator) || !("PushManager" in window)) return;
  const root = document.documentElement.dataset.root;
  const said = form.querySelector("[role=status]");
  const button = form.querySelector("button");
  form.closest("section").hidden = false;

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  const digest = async (text) => {
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return [...new Uint8Array(hash)].map((one) => one.toString(16).padStart(2, "0")).join("");
  };
  const subscription = async () => {
    const worker = await navigator.serviceWorker.getRegistration(`${root}/`);
    return worker?.pushManager.getSubscription();
  };

  // which of the contact points is this browser
  subscription().then(async (found) => {
    const known = found && document.querySelector(`[data-endpoint="${await digest(found.endpoint)}"]`);
    if (!known) return;
    known.append(" (this browser)");
    button.textContent = "Subscribe this browser again";
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") {
        throw new Error("This browser does not allow notifications for this site. Change that in its settings, then try again.");
      }
      await navigator.serviceWorker.register(`${root}/push-worker.js`, { scope: `${root}/` });
      const worker = await navigator.serviceWorker.ready;
      const options = { userVisibleOnly: true, applicationServerKey: bytes(form.dataset.key) };
      let made;
      try {
        made = await worker.pushManager.subscribe(options);
      } catch (fault) {
        const old = fault.name === "InvalidStateError" && (await worker.pushManager.getSubscription());
        if (!old) throw fault;
        await old.unsubscribe(); // it was made with an earlier key of the tracker
        made = await worker.pushManager.subscribe(options);
      }
      form.elements.target.value = JSON.stringify(made);
      form.submit();
    } catch (fault) {
      said.textContent = fault.name === "AbortError" ? "This browser could not reach its push service. Try again later." : fault.message;
      button.disabled = false;
    }
  });
})();
