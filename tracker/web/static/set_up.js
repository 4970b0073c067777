// Takes the key from behind the link's #, which no server is told, and posts it. The address that stays holds no key.
"use strict";

(() => {
  const form = document.getElementById("set-up");
  const open = () => {
    const key = new URLSearchParams(location.hash.slice(1)).get("key");
    if (!form || !key) return;
    history.replaceState(null, "", location.pathname);
    form.elements.key.value = key;
    form.submit();
    form.reset(); // a page that comes back from the browser's memory holds no key
  };
  window.addEventListener("hashchange", open);
  open();
})();
