// Makes a passkey, or asks for one, and sends what it answers. Without it the buttons stay hidden: a code does the same.
"use strict";

(() => {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;

  const send = async (path, token, body) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": token },
      body: JSON.stringify(body),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.detail);
    return told;
  };

  const run = async (button) => {
    const { passkey, csrf, go } = button.dataset;
    const making = "make" in button.dataset;
    const { challenge, options } = await send(`${passkey}/challenge`, csrf, {});
    const publicKey = making
      ? PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey)
      : PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey);
    const credential = await navigator.credentials[making ? "create" : "get"]({ publicKey });
    const name = making ? document.getElementById("passkey_name").value : undefined;
    await send(passkey, csrf, { challenge, answer: credential.toJSON(), ...(making && { name }) });
    if (go) window.location.assign(go);
    return true;
  };

  for (const button of document.querySelectorAll("[data-passkey]")) {
    const said = button.closest("form, .form").querySelector("[data-passkey-said]");
    button.hidden = false;
    button.addEventListener("click", async () => {
      said.textContent = "";
      button.disabled = true;
      try {
        await run(button);
        if (button.dataset.go) return;
        said.textContent = "Confirmed. Continue within five minutes.";
        for (const field of button.closest("form").querySelectorAll("input[type=password]")) field.required = false;
      } catch (fault) {
        said.textContent = fault.name === "NotAllowedError" ? "No passkey was used. Try again." : fault.message;
      }
      button.disabled = false;
    });
  }
})();
