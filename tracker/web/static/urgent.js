// Urgent alarms that nobody has, on every open page: the band follows the live feed, the tab's title and icon count
// them, and a sound calls where this browser's user has switched it on.
"use strict";

(() => {
  const band = document.getElementById("urgent");
  const icon = document.querySelector("link[rel=icon]");
  if (!band || !icon) return;
  const root = document.documentElement.dataset.root;
  const SOUND = "tracker.sound"; // "on" where it was switched on in this browser
  const SOUNDED = "tracker.sounded"; // when any page of this browser last sounded, and for which newest alarm
  const AGAIN_MS = 60000;
  const plainIcon = icon.href;
  const plainTitle = document.title.replace(/^\(\d+\) /, "");
  const count = () => Number(band.dataset.count);

  const read = (name) => {
    try { return localStorage.getItem(name); } catch { return null; }
  };
  const write = (name, value) => {
    try { localStorage.setItem(name, value); } catch { /* a browser that stores nothing stays silent */ }
  };

  // ── title and icon ──
  const numbered = (number) =>
    "data:image/svg+xml," + encodeURIComponent(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="#b41d22"/>' +
      '<text x="16" y="23" font-family="sans-serif" font-size="20" font-weight="bold" text-anchor="middle" fill="#fff">' +
      `${number > 9 ? "9+" : number}</text></svg>`);
  const show = () => {
    const number = count();
    document.title = number ? `(${number}) ${plainTitle}` : plainTitle;
    icon.href = number ? numbered(number) : plainIcon;
    sound();
  };

  // ── the band ──
  const update = async () => {
    let answer;
    try {
      answer = await fetch(`${root}/urgent`, { headers: { "X-Background": "1", Accept: "text/html" }, credentials: "same-origin" });
    } catch {
      return; // the feed tells when the server is there again
    }
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("urgent");
    if (!fresh) return;
    if (!band.isEqualNode(fresh)) {
      band.replaceChildren(...fresh.childNodes);
      Object.assign(band.dataset, { count: fresh.dataset.count, newest: fresh.dataset.newest });
      band.hidden = fresh.hidden;
    }
    show();
  };
  document.addEventListener("tracker:urgent", update);

  // ── the sound ──
  let context = null;
  const beeps = () => {
    for (let beep = 0; beep < 3; beep += 1) {
      const start = context.currentTime + beep * 0.35;
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.frequency.value = beep === 1 ? 660 : 880;
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(0.4, start + 0.02);
      volume.gain.linearRampToValueAtTime(0, start + 0.25);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + 0.26);
    }
  };
  const play = () => {
    context ??= new AudioContext();
    if (context.state === "running") {
      beeps();
      return true;
    }
    context.resume().then(sound, () => {}); // browsers wait for a click on the page first
    return false;
  };
  const sound = () => {
    const number = count();
    if (!number || read(SOUND) !== "on") return;
    const last = JSON.parse(read(SOUNDED) || '{"at": 0, "newest": 0}');
    const newest = Number(band.dataset.newest);
    const passed = Date.now() - last.at;
    if (newest <= last.newest && passed >= 0 && passed < AGAIN_MS) return;
    const heard = play();
    const blocked = band.querySelector("[data-sound-blocked]");
    if (blocked) blocked.hidden = heard;
    if (heard) write(SOUNDED, JSON.stringify({ at: Date.now(), newest: Math.max(newest, last.newest) }));
  };
  setInterval(sound, 1000);
  for (const used of ["pointerdown", "keydown"]) window.addEventListener(used, () => context?.resume().then(sound, () => {}));

  // ── switching it on, on My notifications ──
  const settings = document.getElementById("sound-settings");
  if (settings) {
    const box = settings.querySelector("input");
    const said = settings.querySelector("[role=status]");
    settings.hidden = false;
    box.checked = read(SOUND) === "on";
    box.addEventListener("change", () => {
      write(SOUND, box.checked ? "on" : "off");
      said.textContent = read(SOUND) === (box.checked ? "on" : "off") ? `The sound is ${read(SOUND)} in this browser.` : "This browser stores no settings.";
      sound();
    });
    settings.querySelector("button").addEventListener("click", async () => {
      context ??= new AudioContext();
      await context.resume();
      beeps();
      said.textContent = "This is how an urgent alarm sounds.";
    });
  }

  show();
})();
