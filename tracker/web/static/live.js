// Keeps an open page honest: follows the server's events, fetches the page again when something it shows has changed,
// and morphs only the parts marked data-live. Open details, typed text and the focus stay. When the connection is
// gone, or the server's beat stays out, a banner says since when the numbers may be old.
"use strict";

(() => {
  const root = document.documentElement.dataset.root; // the path below which the pages are reached, often empty
  const follows = (document.body.dataset.follow || "").split(" ").filter(Boolean);
  const banner = document.getElementById("stale");
  const bannerText = document.getElementById("stale-text");
  const pulse = document.getElementById("pulse");
  const SILENCE_MS = 14000; // the server beats every 5 s
  const GRACE_MS = 2500; // a short break is no news
  const REST_MS = 1500; // between two fetches of this page
  let source = null;
  let heardAt = Date.now();
  let brokenSince = null;
  let clockAhead = 0; // the server's clock less ours
  let waiting = null;
  let fetchedAt = 0;
  let ended = false;
  let paused = false;

  const now = () => new Date(Date.now() + clockAhead);

  // ── ages that go on counting ──
  const span = (seconds) => {
    const days = seconds / 86400;
    if (seconds < 90) return `${Math.floor(seconds)} s`;
    if (seconds < 5400) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
    if (days < 90) return `${Math.floor(days)} days`;
    if (days < 730) return `${Math.round(days / 30.44)} months`;
    return `${(days / 365.25).toFixed(1)} years`;
  };
  const countOn = () => {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const seconds = (now() - new Date(time.dateTime)) / 1000;
      const text = seconds >= 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`;
      if (time.textContent !== text) time.textContent = text;
    }
    for (const part of document.querySelectorAll("[data-stale-at]")) {
      part.hidden = now() < new Date(part.dataset.staleAt);
    }
  };

  // ── the banner ──
  const say = (text) => {
    if (!banner || bannerText.textContent === text) return;
    bannerText.textContent = text;
    banner.hidden = !text;
  };
  const mark = (state, text) => {
    if (pulse && pulse.dataset.state !== state) {
      pulse.dataset.state = state;
      pulse.textContent = text;
    }
  };
  const look = () => {
    if (ended || paused) return;
    const silent = Date.now() - heardAt > SILENCE_MS;
    const broken = brokenSince !== null && Date.now() - brokenSince > GRACE_MS;
    if (silent || broken) {
      const since = new Date(Math.min(heardAt, brokenSince ?? heardAt));
      say(`Not connected since ${since.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" })}. What you see may be old; trying again.`);
      mark("stale", "Not connected");
    }
  };
  const heard = () => {
    const wasStale = pulse?.dataset.state === "stale";
    heardAt = Date.now();
    brokenSince = null;
    say("");
    mark("live", "Live");
    if (wasStale) refreshSoon();
  };

  // ── refreshing what changed ──
  const dirty = (form) =>
    [...form.elements].some((field) => {
      if (field.type === "hidden" || field.disabled) return false;
      if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
      if (field.tagName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected) && ![...field.options].every((option) => !option.defaultSelected && option.selected === (option.index === 0));
      return "defaultValue" in field && field.value !== field.defaultValue;
    });
  const morphing = {
    morphStyle: "outerHTML",
    ignoreActiveValue: true,
    callbacks: {
      beforeNodeMorphed: (old) => !(old.tagName === "FORM" && (dirty(old) || (old.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")))),
      beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS") && !(name === "hidden" && node.dataset.staleAt),
      afterNodeAdded: (node) => {
        if (node.nodeType === Node.ELEMENT_NODE && node.matches(".line, .timeline > li, tbody > tr")) node.classList.add("fresh");
      },
    },
  };
  const signedOff = () => {
    ended = true;
    source?.close();
    const target = `${root}/sign-in?next=${encodeURIComponent((location.pathname.slice(root.length) || "/") + location.search)}`;
    if (![...document.forms].some(dirty)) {
      location.assign(target);
      return;
    }
    bannerText.textContent = "You were signed off. What you typed is still here: ";
    const link = document.createElement("a");
    link.href = target;
    link.target = "_blank";
    link.textContent = "sign in in another tab";
    bannerText.append(link, ", then send it from here.");
    banner.hidden = false;
    mark("stale", "Signed off");
    window.addEventListener("focus", () => { ended = false; refresh().then(connect); }, { once: true });
  };
  const refresh = async () => {
    waiting = null;
    fetchedAt = Date.now();
    let answer;
    try {
      answer = await fetch(location.href, { headers: { "X-Background": "1", Accept: "text/html" }, credentials: "same-origin" });
    } catch {
      brokenSince ??= Date.now();
      return;
    }
    if (answer.redirected && new URL(answer.url).pathname === `${root}/sign-in`) {
      signedOff();
      return;
    }
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live][id]")) {
      const next = fresh.getElementById(part.id);
      if (next && !part.isEqualNode(next)) {
        Idiomorph.morph(part, next, morphing);
        const there = document.getElementById(part.id);
        if (there && window.htmx) htmx.process(there);
      }
    }
    const token = fresh.querySelector("input[name=csrf]")?.value;
    if (token) for (const field of document.querySelectorAll("input[name=csrf]")) field.value = token;
    countOn();
    document.dispatchEvent(new CustomEvent("tracker:refreshed"));
  };
  const refreshSoon = () => {
    if (waiting !== null || ended) return;
    waiting = setTimeout(refresh, Math.max(0, fetchedAt + REST_MS - Date.now()));
  };

  // ── the stream ──
  const pause = () => {
    paused = true;
    source?.close();
    say("Updates are paused here: too many of your pages are open. They go on when you use this page.");
    mark("stale", "Paused");
  };
  const goOn = () => {
    if (!paused) return;
    paused = false;
    heardAt = Date.now();
    connect();
  };
  const connect = () => {
    if (ended || paused) return;
    source?.close();
    source = new EventSource(`${root}/live`);
    source.addEventListener("beat", (event) => {
      clockAhead = new Date(event.data) - Date.now();
      heard();
    });
    source.addEventListener("pump", (event) => {
      heard();
      if (follows.includes(`pump:${event.data}`)) refreshSoon();
    });
    for (const name of ["pumps", "worklist"]) {
      source.addEventListener(name, () => {
        heard();
        if (follows.includes(name)) refreshSoon();
      });
    }
    const lookAtUrgent = () => document.dispatchEvent(new CustomEvent("tracker:urgent"));
    source.addEventListener("open", lookAtUrgent); // what changed while nothing was connected
    source.addEventListener("urgent", () => { heard(); lookAtUrgent(); });
    source.addEventListener("reload", () => { heard(); refreshSoon(); lookAtUrgent(); });
    source.addEventListener("signed-out", signedOff);
    source.addEventListener("replaced", pause);
    source.addEventListener("error", () => {
      brokenSince ??= Date.now();
      if (source.readyState === EventSource.CLOSED) {
        source.close();
        setTimeout(() => refresh().then(connect), 2000);
      }
    });
  };
  if (pulse) {
    mark("waiting", "Connecting");
    connect();
    setInterval(look, 1000);
    setInterval(countOn, 1000);
    countOn();
    for (const used of ["focus", "pointerdown", "keydown"]) window.addEventListener(used, goOn);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) goOn(); });
    window.addEventListener("pagehide", () => source?.close());
    window.addEventListener("pageshow", (event) => { if (event.persisted) { connect(); refreshSoon(); } });
  }

  // ── a menu closes when one leaves it ──
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.who[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.who[open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
    if (event.key === "/" && !event.target.matches("input, select, textarea") && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      document.getElementById("find")?.focus();
    }
  });
})();
