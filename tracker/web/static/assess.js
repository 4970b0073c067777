// The assessment as one answers: each change sends the form and puts the new outcome, verdicts and marks in place.
// What is typed, chosen or focused is never touched. Without this script the form's own button does the same.
"use strict";

(() => {
  const form = document.getElementById("assess");
  if (!form || !window.Idiomorph) return;
  const warning = document.getElementById("assess-warning");
  const TYPING_MS = 300;
  let timer = null;
  let sending = null;

  document.documentElement.classList.add("scripts");
  document.getElementById("print")?.addEventListener("click", () => window.print());

  const state = { INPUT: ["checked", "value"], OPTION: ["selected"] };
  const morphing = {
    morphStyle: "outerHTML",
    ignoreActiveValue: true,
    callbacks: {
      beforeAttributeUpdated: (name, node) => node.type === "hidden" || !state[node.tagName]?.includes(name),
    },
  };
  const warn = (text) => {
    warning.textContent = text;
    warning.hidden = !text;
    form.classList.toggle("old", Boolean(text));
  };

  const send = async () => {
    clearTimeout(timer);
    sending?.abort();
    const mine = (sending = new AbortController());
    let answer;
    let text;
    try {
      answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "text/html" },
        credentials: "same-origin",
        signal: mine.signal,
      });
      text = await answer.text();
    } catch {
      if (!mine.signal.aborted) warn("The tracker can't be reached: the outcome is older than your answers. It is asked again with your next answer.");
      return;
    }
    if (mine.signal.aborted) return;
    if (answer.redirected) {
      warn("You were signed off: the outcome is older than your answers. Sign in in another tab, then go on here.");
      return;
    }
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("assess-now");
    if (!answer.ok || !fresh) {
      warn("The answers could not be assessed: the outcome is older than they are. Load the page again if this stays so.");
      return;
    }
    warn("");
    Idiomorph.morph(document.getElementById("assess-now"), fresh, morphing);
    history.replaceState(null, "", fresh.dataset.address);
  };

  // A text field's change comes when one leaves it, perhaps with the pointer down on the next: its input was sent before.
  form.addEventListener("change", (event) => {
    if (event.target.type !== "text") send();
  });
  form.addEventListener("input", (event) => {
    if (event.target.type !== "text") return;
    clearTimeout(timer);
    timer = setTimeout(send, TYPING_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
})();
