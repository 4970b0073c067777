// Draws a pump's course with uPlot: reservoir against the programmed course, battery with its forecast band, flow,
// and a lane of alarms and visits, all on one time axis. Zooming asks the server for the span in more detail.
"use strict";

(() => {
  const place = document.getElementById("chart");
  if (!place || !window.uPlot) return;
  const zone = place.dataset.zone;
  const token = (name) => {
    const probe = document.createElement("span");
    probe.hidden = true;
    place.append(probe);
    probe.style.color = `var(${name})`;
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  };
  const tz = (ts) => uPlot.tzDate(new Date(ts * 1000), zone);
  const day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", year: "numeric" });
  const moment = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  let plots = [];
  let whole = null; // the named span's values
  let zoomed = null; // [from, to] in seconds
  let choosing = false;
  let asking = null; // what ends the request that is under way

  const clip = (u, draw) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    draw(ctx, (x) => u.valToPos(x, "x", true), (y) => u.valToPos(y, "y", true), bbox);
    ctx.restore();
  };

  const courseHook = (values, colours) => (u) => clip(u, (ctx, x, y) => {
    ctx.strokeStyle = colours.programmed;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const line of values.course) {
      ctx.beginPath();
      line.forEach(([at, ml], index) => (index ? ctx.lineTo(x(at), y(ml)) : ctx.moveTo(x(at), y(ml))));
      ctx.stroke();
    }
  });

  const bandHook = (values, colours) => (u) => clip(u, (ctx, x, y, bbox) => {
    const now = x(values.now);
    ctx.strokeStyle = colours.programmed;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(now, bbox.top);
    ctx.lineTo(now, bbox.top + bbox.height);
    ctx.stroke();
    const forecast = values.forecast;
    if (!forecast) return;
    ctx.setLineDash([]);
    ctx.fillStyle = colours.band;
    ctx.beginPath();
    [...forecast.low, ...[...forecast.high].reverse()].forEach(([at, percent], index) => (index ? ctx.lineTo(x(at), y(percent)) : ctx.moveTo(x(at), y(percent))));
    ctx.closePath();
    ctx.fill();
    ctx.strokeStyle = colours.battery;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    forecast.median.forEach(([at, percent], index) => (index ? ctx.lineTo(x(at), y(percent)) : ctx.moveTo(x(at), y(percent))));
    ctx.stroke();
  });

  // alarms are bars with their sign's shape at the head, visits are drops on a line of their own
  const eventsHook = (values, colours) => (u) => clip(u, (ctx, x, _y, bbox) => {
    const px = devicePixelRatio;
    const shape = { high: (cx, cy) => polygon(ctx, cx, cy, 7 * px, 8, Math.PI / 8), medium: (cx, cy) => polygon(ctx, cx, cy, 8 * px, 3, -Math.PI / 2), low: (cx, cy) => { ctx.beginPath(); ctx.arc(cx, cy, 6 * px, 0, 7); } };
    const alarmY = bbox.top + bbox.height * 0.3;
    const visitY = bbox.top + bbox.height * 0.75;
    for (const alarm of values.alarms) {
      ctx.fillStyle = colours[alarm.look];
      ctx.strokeStyle = colours[alarm.look];
      const from = x(alarm.from);
      const to = x(alarm.to ?? values.now);
      ctx.fillRect(from, alarmY - 2 * px, Math.max(px, to - from), 4 * px);
      shape[alarm.look](from, alarmY);
      ctx.fill();
    }
    for (const visit of values.visits) {
      const cx = x(visit.at);
      ctx.beginPath();
      ctx.moveTo(cx, visitY - 9 * px);
      ctx.quadraticCurveTo(cx + 8 * px, visitY + px, cx, visitY + 7 * px);
      ctx.quadraticCurveTo(cx - 8 * px, visitY + px, cx, visitY - 9 * px);
      ctx.fillStyle = colours.reservoir;
      ctx.strokeStyle = colours.reservoir;
      ctx.lineWidth = 1.5 * px;
      if (visit.draft) ctx.stroke(); else ctx.fill();
    }
  });
  const polygon = (ctx, cx, cy, radius, corners, turn) => {
    ctx.beginPath();
    for (let corner = 0; corner < corners; corner += 1) {
      const angle = turn + (corner * 2 * Math.PI) / corners;
      ctx.lineTo(cx + radius * Math.cos(angle), cy + radius * Math.sin(angle));
    }
    ctx.closePath();
  };

  const valueAt = (points, at) => {
    for (let index = 1; index < points.length; index += 1) {
      const [from, first] = points[index - 1];
      const [to, second] = points[index];
      if (at >= from && at <= to) return to === from ? first : first + ((at - from) / (to - from)) * (second - first);
    }
    return null;
  };

  const draw = (values) => {
    const colours = {
      ink: token("--ink-soft"), grid: token("--chart-grid"), reservoir: token("--series-reservoir"), programmed: token("--series-programmed"),
      battery: token("--series-battery"), band: token("--series-band"), flow: token("--series-flow"), high: token("--high-solid"), medium: token("--medium-solid"), low: token("--low-solid"),
    };
    const hovered = plots.length ? plots[0].cursor.left : null;
    for (const plot of plots) plot.destroy();
    plots = [];
    place.replaceChildren();
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    const axis = { stroke: colours.ink, grid: { stroke: colours.grid, width: 1 }, ticks: { stroke: colours.grid, width: 1 }, font: "11px sans-serif" };
    const panes = [
      { title: "Reservoir, mL", key: "reservoir_ml", colour: colours.reservoir, height: 190, top: values.capacity_ml, hook: courseHook(values, colours), legend: [["reservoir", "reported"], ["programmed", "programmed course"]] },
      { title: "Battery, %", key: "battery_percent", colour: colours.battery, height: 150, top: 100, hook: bandHook(values, colours), legend: values.forecast ? [["battery", "reported"], ["band", "forecast with its 80% band"]] : [["battery", "reported"]], skip: "noBattery" in place.dataset },
      { title: "Flow, mL/day", key: "flow_ml_per_day", colour: colours.flow, height: 110, top: null, legend: [] },
      { title: "Alarms and visits", key: null, height: 92, top: 1, hook: eventsHook(values, colours), legend: [] },
    ].filter((pane) => !pane.skip);
    const sync = uPlot.sync("course");
    for (const pane of panes) {
      const box = document.createElement("div");
      box.className = "pane";
      const title = document.createElement("p");
      title.className = "pane-title";
      title.append(pane.title);
      for (const [look, text] of pane.legend) {
        const entry = document.createElement("span");
        const key = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        key.setAttribute("class", "key");
        key.setAttribute("viewBox", "0 0 20 12");
        key.innerHTML = look === "band" ? '<rect width="20" height="12"/>' : `<line x1="0" x2="20" y1="6" y2="6" stroke-width="2"${look === "programmed" ? ' stroke-dasharray="5 3"' : ""}/>`;
        key.firstChild.setAttribute(look === "band" ? "fill" : "stroke", colours[look]);
        entry.append(key, ` ${text}`);
        title.append(entry);
      }
      place.append(title, box);
      const data = [values.t.length ? values.t : [values.from, values.to], pane.key ? (values.t.length ? values[pane.key] : [null, null]) : values.t.length ? values.t.map(() => null) : [null, null]];
      const last = pane === panes[panes.length - 1];
      plots.push(new uPlot({
        width: place.clientWidth,
        height: pane.height,
        tzDate: tz,
        padding: [6, 8, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: sync.key, setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
        scales: {
          x: { time: true, range: () => [values.from, values.to] },
          y: { range: (_u, _low, high) => [0, pane.top ?? Math.max(0.05, (high || 0) * 1.15)] },
        },
        axes: [
          { ...axis, show: true, size: last ? 44 : 6, values: last ? undefined : () => [], ticks: { ...axis.ticks, show: last } },
          { ...axis, size: 52, show: true, values: pane.key ? undefined : () => [], grid: { ...axis.grid, show: Boolean(pane.key) }, ticks: { show: Boolean(pane.key), ...axis.ticks } },
        ],
        series: [{}, { stroke: pane.colour ?? "transparent", width: 1.5, points: { show: values.t.length < 60 }, spanGaps: false }],
        hooks: {
          draw: pane.hook ? [pane.hook] : [],
          setSelect: [(u) => {
            if (u.select.width < 6) return;
            const chosen = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            if (choosing) return; // the other panes follow the one that was dragged across
            choosing = true;
            setTimeout(() => { choosing = false; zoomed = chosen; load(); });
          }],
          setCursor: [(u) => {
            if (u !== plots[0]) return;
            const at = u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : null;
            show(tip, values, at, u.cursor.left + u.bbox.left / devicePixelRatio, place);
          }],
          ready: [(u) => u.over.addEventListener("dblclick", () => { zoomed = null; load(); })],
        },
      }, data, box));
    }
    place.append(tip);
    place.classList.add("drawn");
    if (hovered !== null && hovered >= 0) plots[0].setCursor({ left: hovered, top: 10 });
  };

  const show = (tip, values, at, left, box) => {
    if (at === null) { tip.hidden = true; return; }
    const lines = [moment.format(new Date(at * 1000))];
    const index = nearest(values.t, at);
    const near = index !== null && Math.abs(values.t[index] - at) < Math.max(86400 * 3, (values.to - values.from) / 60);
    if (near) {
      const say = (value, places, unit) => (value === null || value === undefined ? null : `${value.toFixed(places)} ${unit}`);
      const expected = values.course.map((line) => valueAt(line, values.t[index])).find((value) => value !== null);
      for (const text of [
        say(values.reservoir_ml[index], 1, "mL in the reservoir"),
        expected === undefined ? null : say(expected, 1, "mL by the program"),
        say(values.battery_percent[index], 1, "% battery"),
        say(values.flow_ml_per_day[index], 3, "mL/day"),
      ]) if (text) lines.push(text);
    } else if (values.forecast && at > values.now) {
      const [low, high] = ["low", "high"].map((name) => valueAt(values.forecast[name], at) ?? 0);
      lines.push(`battery forecast ${low.toFixed(0)} to ${high.toFixed(0)} %`);
    }
    const reach = (values.to - values.from) / 90;
    for (const alarm of values.alarms) if (at >= alarm.from - reach && at <= (alarm.to ?? values.now) + reach) lines.push(`${alarm.word}: ${alarm.what}`);
    for (const visit of values.visits) if (Math.abs(visit.at - at) < reach) lines.push(`${visit.what}, ${day.format(new Date(visit.at * 1000))}${visit.draft ? " (draft)" : ""}`);
    tip.replaceChildren(...lines.flatMap((line, number) => (number ? [document.createElement("br"), line] : [line])));
    tip.hidden = false;
    const flip = left > box.clientWidth * 0.6;
    tip.style.left = `${left + (flip ? -12 - tip.offsetWidth : 12)}px`;
    tip.style.top = "28px";
  };
  const nearest = (times, at) => {
    if (!times.length) return null;
    let low = 0;
    let high = times.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (times[middle] < at) low = middle; else high = middle;
    }
    return at - times[low] < times[high] - at ? low : high;
  };

  const load = async () => {
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    const query = zoomed ? `from=${zoomed[0]}&to=${zoomed[1]}` : `span=${place.dataset.span}`;
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${place.dataset.url}?${query}`, { headers: { "X-Background": "1", Accept: "application/json" }, signal: mine.signal });
      if (!answer.ok) return;
      const values = await answer.json();
      if (mine.signal.aborted) return;
      if (!zoomed) whole = values;
      if (values.t.length || whole?.t.length) draw(values);
    } catch {
      // the drawing that is there stays; the banner tells of the connection
    } finally {
      if (mine === asking) place.removeAttribute("aria-busy");
    }
  };
  let resizing = null;
  new ResizeObserver(() => {
    clearTimeout(resizing);
    resizing = setTimeout(() => { for (const plot of plots) plot.setSize({ width: place.clientWidth, height: plot.height }); }, 100);
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", load);
  document.addEventListener("tracker:refreshed", load);
  load();
})();
