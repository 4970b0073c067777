// Copies or prints what is shown once. Without this script the text is selected and copied by hand.
"use strict";

(() => {
  for (const bar of document.querySelectorAll("[data-scripted]")) {
    const said = bar.querySelector("[data-copied]");
    bar.hidden = false;
    bar.querySelector("[data-print]")?.addEventListener("click", () => window.print());
    bar.querySelector("[data-copy]")?.addEventListener("click", async (event) => {
      const shown = document.getElementById(event.currentTarget.dataset.copy);
      try {
        await navigator.clipboard.writeText(shown.textContent.trim());
        said.textContent = "Copied.";
      } catch {
        window.getSelection().selectAllChildren(shown);
        said.textContent = "Selected; copy it with Ctrl+C.";
      }
    });
  }
})();
