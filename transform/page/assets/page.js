'use strict';
(() => {
  // Times are ns after the trace's start, but for the x axes, which count seconds.
  const D = JSON.parse(document.getElementById('data').textContent);
  const $ = id => document.getElementById(id);
  const LABELS = 210, AXIS = 30, TEXT = '12px system-ui, sans-serif';
  const bins = D.load.e.length, end = Math.max(D.length, 1);
  const view = {from: 0, to: end};
  let selected = null; // {from, to}
  let charts = [];
  let pressed = 0; // where the mouse was

  const color = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const phaseColor = name => color(name === 'warm-up' ? 'warmup' : name);
  const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
  const element = (tag, text, parent) => {
    const e = document.createElement(tag);
    if (text !== undefined) e.textContent = text;
    if (parent) parent.append(e);
    return e;
  };

  function amount(n, units, step) {
    let i = 0;
    while (Math.abs(n) >= step && i < units.length - 1) { n /= step; i++; }
    const digits = i === 0 || Math.abs(n) >= 100 ? 0 : Math.abs(n) >= 10 ? 1 : 2;
    return n.toFixed(digits) + ' ' + units[i];
  }
  const size = n => amount(n, ['B', 'kB', 'MB', 'GB', 'TB'], 1000);
  const time = ns => amount(ns, ['ns', 'µs', 'ms', 's'], 1000);
  const count = n => Math.round(n).toLocaleString('en');

  // axisTime writes a time of an axis, in the unit that fits what is in view.
  function axisTime(s) {
    const length = view.to - view.from;
    const [unit, scale] = length >= 1e9 ? ['s', 1] : length >= 1e6 ? ['ms', 1e3] : length >= 1e3 ? ['µs', 1e6] : ['ns', 1e9];
    return +(s * scale).toPrecision(12) + ' ' + unit;
  }

  // micros writes a time on the trace's own clock, to the ns.
  function micros(ns) {
    const t = BigInt(D.zero) + BigInt(Math.round(ns));
    const sign = t < 0n ? '-' : '', abs = t < 0n ? -t : t;
    return sign + abs / 1000n + '.' + String(abs % 1000n).padStart(3, '0');
  }

  function quoted(name) {
    if (name.startsWith('-')) name = './' + name;
    return /^[\w.\/,:+@%=-]+$/.test(name) ? name : "'" + name.replaceAll("'", "'\\''") + "'";
  }

  function command(s) {
    const to = s.to >= D.length ? D.length + 1 : s.to; // what happens at the very end belongs
    return `tracekit slice --from @${micros(s.from)} --to @${micros(to)} -o ${quoted(D.out)} ${quoted(D.name || 'FILE')}`;
  }

  // estimate tells what a slice would have: what begins in it, what is open at
  // its start, and what every slice has.
  function estimate(s) {
    const L = D.load;
    let begin = 0, bytes = 0, open = 0, openBytes = 0, openAfter = 0, points = 0, whole = 0;
    for (let i = 0; i < bins; i++) {
      const a = D.origin + i * D.width, b = a + D.width;
      const before = clamp((s.from - a) / D.width, 0, 1), after = clamp((s.to - a) / D.width, 0, 1);
      const inside = Math.max(0, Math.min(s.to, b) - Math.max(s.from, a)) / D.width;
      begin += inside * L.e[i]; bytes += inside * L.b[i];
      open += before * L.oe[i]; openBytes += before * L.ob[i]; openAfter += after * L.oe[i];
      points += inside * L.p[i]; whole += after * L.p2[i] - before * L.p1[i];
    }
    const lost = points - Math.max(whole, 0); // of arrows that the range cuts
    return {
      events: L.fe + Math.floor(begin + open - lost + .5),
      bytes: L.fb + Math.floor(bytes + openBytes + L.clip * (open + openAfter) - lost * L.ps + .5),
    };
  }

  function select(from, to) {
    if (from === null || !(to > from)) {
      selected = null;
    } else {
      selected = {from: Math.round(clamp(from, 0, end - 1)), to: Math.round(clamp(to, 1, end))};
      if (selected.to <= selected.from) selected.to = selected.from + 1;
    }
    for (const u of charts) mark(u);
    tell();
  }

  // mark shows the selection in a chart.
  function mark(u) {
    const none = {left: 0, top: 0, width: 0, height: 0};
    if (!selected) return u.setSelect(none, false);
    const width = u.over.clientWidth;
    const left = clamp(u.valToPos(selected.from / 1e9, 'x'), 0, width);
    const right = clamp(u.valToPos(selected.to / 1e9, 'x'), 0, width);
    u.setSelect(right > left ? {left, top: 0, width: Math.max(1, right - left), height: u.over.clientHeight} : none, false);
  }

  function tell() {
    const s = selected;
    for (const id of ['zoom', 'clear', 'copy']) $(id).disabled = !s;
    $('from').value = s ? (s.from / 1e6).toFixed(6) : '';
    $('to').value = s ? (s.to / 1e6).toFixed(6) : '';
    $('copied').textContent = '';
    $('command').textContent = s ? command(s) : 'Drag over the chart to choose a range.';
    $('estimate').textContent = '';
    if (!s) return;
    const e = estimate(s);
    $('estimate').textContent = `${time(s.to - s.from)} · about ${count(e.events)} events, ${size(e.bytes)} of JSON`;
    $('estimate').dataset.events = e.events;
    $('estimate').dataset.bytes = e.bytes;
  }

  function look(from, to) {
    const least = Math.min(end, Math.max(D.width, 1) * 4);
    let length = clamp(to - from, least, end);
    view.from = clamp((from + to - length) / 2, 0, end - length);
    view.to = view.from + length;
    for (const u of charts) u.setScale('x', {min: view.from / 1e9, max: view.to / 1e9});
  }

  // Rows of the chart over time, from the top.
  const rows = [];
  const addRow = (kind, label, height, lane) => rows.push({kind, label, height, lane});
  if (D.bands.length) addRow('steps', 'steps', 26);
  if (D.compiles.length) addRow('compiles', 'recompilations', 16);
  if (D.gaps.length) addRow('gaps', 'long gaps', 16);
  let process = null;
  for (const lane of D.lanes) {
    if (lane.p !== process && lane.p) addRow('head', lane.p, 20);
    process = lane.p;
    addRow('lane', lane.n + (lane.k === 'python' ? ' · Python' : ''), 18, lane);
  }
  let depth = 0;
  for (const r of rows) { r.top = depth; depth += r.height; }

  function drawRows(u) {
    const ctx = u.ctx, box = u.bbox, ratio = devicePixelRatio;
    const heads = [];
    ctx.save();
    ctx.beginPath(); ctx.rect(box.left, box.top, box.width, box.height); ctx.clip();
    for (const r of rows) {
      const top = u.valToPos(r.top, 'y', true), height = r.height * box.height / depth;
      if (r.kind === 'head') heads.push([r.label, top + height / 2]);
      if (r.kind === 'lane') drawLane(u, r.lane, top + ratio, height - 2 * ratio);
      if (r.kind === 'steps') drawBands(u, top + ratio, height - 2 * ratio);
      if (r.kind === 'compiles') drawMarks(u, D.compiles, color('compile'), top + ratio, height - 2 * ratio);
      if (r.kind === 'gaps') drawMarks(u, D.gaps, color('gap'), top + ratio, height - 2 * ratio);
    }
    ctx.restore();
    for (const [label, middle] of heads) drawHead(u, label, middle);
    document.documentElement.dataset.ready = true;
  }

  // drawHead writes a process's name from the left, its threads below are
  // written up to the chart.
  function drawHead(u, label, middle) {
    const ctx = u.ctx, box = u.bbox, ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = 'left'; ctx.textBaseline = 'middle';
    ctx.fillStyle = color('ink');
    const text = short(label, 60), width = ctx.measureText(text).width;
    ctx.fillText(text, 0, middle);
    ctx.fillStyle = color('line');
    ctx.fillRect(width + 8 * ratio, middle, box.left + box.width - width - 8 * ratio, ratio);
    ctx.restore();
  }

  const place = (u, ns) => u.valToPos(ns / 1e9, 'x', true);

  // drawLane paints each column of pixels: the stronger the more events, the
  // higher the busier.
  function drawLane(u, lane, top, height) {
    const ctx = u.ctx, box = u.bbox, ratio = devicePixelRatio;
    if (!lane.most) lane.most = Math.log1p(Math.max(...lane.e));
    ctx.fillStyle = color('line'); ctx.globalAlpha = .25;
    ctx.fillRect(box.left, top, box.width, height);
    ctx.fillStyle = color(lane.k);
    const perPixel = (view.to - view.from) / box.width / D.width;
    const first = (view.from - D.origin) / D.width;
    for (let x = 0; x < box.width; x++) {
      const a = clamp(Math.floor(first + x * perPixel), 0, bins - 1);
      const b = clamp(Math.ceil(first + (x + 1) * perPixel), a + 1, bins);
      let events = 0, busy = 0;
      for (let i = a; i < b; i++) { events = Math.max(events, lane.e[i]); busy += lane.b[i]; }
      busy /= b - a;
      if (!events && !busy) continue;
      const h = Math.max(2 * ratio, height * busy / 1000);
      ctx.globalAlpha = .3 + .7 * Math.log1p(events) / (lane.most || 1);
      ctx.fillRect(box.left + x, top + height - h, 1, h);
    }
    ctx.globalAlpha = 1;
  }

  function drawBands(u, top, height) {
    const colors = D.phases.map(phaseColor), ctx = u.ctx;
    for (const [start, length, phase] of D.bands) {
      if (start > view.to || start + length < view.from) continue;
      const x = place(u, start), w = place(u, start + length) - x;
      ctx.fillStyle = colors[phase];
      ctx.fillRect(x, top, Math.max(1, w > 4 ? w - 1 : w), height);
    }
  }

  function drawMarks(u, marks, fill, top, height) {
    const ctx = u.ctx, least = 3 * devicePixelRatio;
    ctx.fillStyle = fill;
    for (const m of marks) {
      if (m.s > view.to || m.s + m.d < view.from) continue;
      const x = place(u, m.s);
      ctx.fillRect(x, top, Math.max(least, place(u, m.s + m.d) - x), height);
    }
  }

  const short = (s, n) => s.length > n ? s.slice(0, n - 1) + '…' : s;

  function common(width, height, values) {
    return {
      width, height,
      legend: {show: false},
      padding: [6, 28, 0, 0],
      cursor: {
        y: false,
        points: {show: false},
        drag: {x: true, y: false, setScale: false, dist: 3},
        sync: {key: 'time', setSeries: false, scales: ['x', null], filters: {pub: type => type !== 'mousedown' && type !== 'mouseup'}},
        bind: {dblclick: () => () => null},
      },
      scales: {x: {time: false, auto: false}},
      axes: [
        {size: AXIS, stroke: color('soft'), font: TEXT, grid: {stroke: color('line'), width: 1}, ticks: {stroke: color('line')}, space: 90, values: (u, at) => at.map(axisTime)},
        {size: LABELS, stroke: color('ink'), font: TEXT, grid: {show: false}, ticks: {show: false}, ...values},
      ],
      hooks: {
        draw: [mark],
        setSelect: [u => {
          if (u.select.width > 0) select(u.posToVal(u.select.left, 'x') * 1e9, u.posToVal(u.select.left + u.select.width, 'x') * 1e9);
        }],
      },
    };
  }

  function timeChart(width) {
    const o = common(width, depth + AXIS + 6, {
      splits: () => rows.map(r => r.top + r.height / 2),
      values: () => rows.map(r => r.kind === 'head' ? '' : short(r.label, 34)),
      gap: 8,
    });
    o.scales.y = {range: () => [0, depth], dir: -1};
    o.series = [{}, {stroke: 'transparent', points: {show: false}}];
    o.hooks.draw.push(drawRows);
    o.hooks.setCursor = [read];
    const u = new uPlot(o, [[0, end / 1e9], [0, depth]], $('time'));
    u.over.addEventListener('mousedown', event => { pressed = event.clientX; });
    u.over.addEventListener('click', pick);
    return u;
  }

  // read tells what is under the pointer.
  function read(u) {
    const {left, top} = u.cursor;
    if (left < 0 || left === undefined) { $('under').textContent = ''; return; }
    const ns = u.posToVal(left, 'x') * 1e9, row = rowAt(u, top);
    let text = time(ns) + ' after the start (@' + micros(ns) + ')';
    const i = clamp(Math.floor((ns - D.origin) / D.width), 0, bins - 1);
    if (row && row.kind === 'lane') text += ` · ${row.lane.p} · ${row.label}: ${count(row.lane.e[i])} events in ${time(D.width)}, ${row.lane.b[i] / 10} % busy`;
    const b = bandAt(ns);
    if (b >= 0) text += ` · ${bandName(b)}, ${time(D.bands[b][1])}`;
    for (const m of D.compiles) if (ns >= m.s && ns <= m.s + m.d) text += ` · compiles ${m.l}, ${time(m.d)}`;
    $('under').textContent = text;
  }

  const rowAt = (u, top) => rows.find(r => top * depth / u.over.clientHeight < r.top + r.height);

  function bandAt(ns) {
    let lo = 0, hi = D.bands.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (D.bands[mid][0] <= ns) lo = mid + 1; else hi = mid;
    }
    const b = D.bands[lo - 1];
    return b && ns < b[0] + b[1] ? lo - 1 : -1;
  }

  function bandName(i) {
    const [, , phase, n] = D.bands[i];
    const steps = n > 1 ? `steps ${D.firsts[i]}..${D.firsts[i] + n - 1}` : `step ${D.firsts[i]}`;
    return `${steps} (${D.phases[phase]})` + (D.labels[i] ? ' ' + D.labels[i] : '');
  }

  // selectBand selects a step as slice --step does: up to the start of the next.
  function selectBand(i) {
    if (!D.bands.length) return;
    i = clamp(i, 0, D.bands.length - 1);
    const b = D.bands[i], next = D.bands[i + 1];
    select(b[0], next && next[0] > b[0] ? next[0] : b[0] + Math.max(1, b[1]));
    show();
  }

  // show moves the view to the selection if that is out of sight.
  function show() {
    const s = selected, length = view.to - view.from;
    if (s && (s.to > view.to || s.from < view.from)) look((s.from + s.to - length) / 2, (s.from + s.to + length) / 2);
  }

  function pick(event) {
    const u = charts[0], at = event.clientX - u.over.getBoundingClientRect().left;
    if (Math.abs(event.clientX - pressed) > 3) return; // that was a drag
    mark(u);
    const row = rowAt(u, event.clientY - u.over.getBoundingClientRect().top), ns = u.posToVal(at, 'x') * 1e9;
    if (!row) return;
    const near = m => ns >= m.s - tolerance() && ns <= m.s + m.d + tolerance();
    if (row.kind === 'steps' && bandAt(ns) >= 0) selectBand(bandAt(ns));
    const marks = row.kind === 'compiles' ? D.compiles : row.kind === 'gaps' ? D.gaps : [];
    const m = marks.find(near);
    if (m) select(m.s, m.s + Math.max(1, m.d));
  }
  const tolerance = () => (view.to - view.from) / 300;

  const plain = name => ({size: LABELS, space: 24, stroke: color('soft'), grid: {show: true, stroke: color('line'), width: 1}, values: (u, at) => at.map(name)});

  function lineChart(title, width, data, series, values) {
    const box = element('div', undefined, $('lines'));
    box.className = 'plot';
    element('h3', title, box);
    const o = common(width, 104, plain(values));
    o.series = [{}, ...series];
    if (series.length > 1) o.bands = [{series: [1, 2], fill: color('graph') + '55'}];
    o.scales.y = {range: (u, lo, hi) => [Math.min(0, lo), hi > lo ? hi * 1.05 : lo + 1]};
    return new uPlot(o, data, box);
  }

  const starts = D.load.e.map((_, i) => (D.origin + i * D.width) / 1e9);
  const perSecond = D.load.b.map(b => b / D.width * 1e9);
  const si = v => v === 0 ? '0' : amount(v, ['', 'k', 'M', 'G', 'T'], 1000).trim();

  function build() {
    for (const u of charts) u.destroy();
    $('lines').replaceChildren();
    const width = Math.max(320, $('charts').clientWidth);
    charts = [timeChart(width)];
    const line = name => ({stroke: color(name), width: 1, points: {show: false}});
    charts.push(lineChart('JSON in a second of the run', width, [starts, perSecond], [{...line('host'), fill: color('host') + '33'}], size));
    for (const c of D.counters) {
      const step = uPlot.paths.stepped({align: 1});
      const s = {...line('graph'), paths: step};
      const whole = v => Math.abs(v) < 1000 ? +v.toPrecision(4) + '' : si(v);
      charts.push(lineChart(c.n, width, [starts, c.h, c.l], [s, s], whole));
    }
    look(view.from, view.to);
  }

  const share = part => part >= .001 ? (100 * part).toFixed(1) + ' %' : '<0.1 %';
  const PHASES = {C: 'counters', M: 'names', i: 'instants', I: 'instants', s: 'flow starts', t: 'flow steps', f: 'flow ends', B: 'begins', E: 'ends', b: 'async begins', e: 'async ends', n: 'async instants'};

  function categoryName(c) {
    const what = c.ph === 'X' ? '' : PHASES[c.ph] || 'phase ' + c.ph;
    if (!c.n) return what || 'slices of no category';
    return c.n + (what ? ', ' + what : '');
  }

  function facts() {
    const parts = [`${time(D.length)} from @${micros(0)}`, `${count(D.events)} events`, size(D.bytes) + ' of JSON' + (D.packed > 0 && D.packed < D.bytes ? ` (${size(D.packed)} packed)` : '')];
    if (D.clock) parts.push('starts ' + D.clock);
    if (D.damage) parts.push('damaged: ' + D.damage);
    $('facts').textContent = parts.join(' · ');
    $('markers').textContent = D.markers;
    const all = D.cats.reduce((n, c) => n + c.b, 0);
    for (const c of D.cats) {
      const box = element('div', undefined, $('shares')), line = element('div', undefined, box);
      box.className = 'share';
      element('span', categoryName(c), line);
      element('span', `${share(c.b / D.bytes)} · ${count(c.e)}`, line);
      box.title = `${size(c.b)}, ${count(c.e)} events` + (c.d ? `, ${time(c.d)} in all` : '');
      element('b', undefined, box).style.width = 100 * c.b / Math.max(1, all) + '%';
    }
  }

  function keys() {
    const swatch = (name, text, parent) => {
      const s = element('span', undefined, parent);
      element('i', undefined, s).style.background = name === 'warm-up' ? 'var(--warmup)' : `var(--${name})`;
      s.append(text);
    };
    for (const p of D.phases) swatch(p, p, $('key'));
    if (D.compiles.length) swatch('compile', 'recompilation', $('key'));
    if (D.gaps.length) swatch('gap', 'long gap', $('key'));
    for (const k of ['host', 'python', 'device']) if (D.lanes.some(l => l.k === k)) swatch(k, k, $('key'));
    element('span', 'stronger: more events; higher: busier', $('key'));
  }

  function lists() {
    const list = (title, marks, what) => {
      if (!marks.length) return;
      element('h2', title, $('lists'));
      for (const m of [...marks].sort((a, b) => b.d - a.d).slice(0, 8)) {
        const b = element('button', `${time(m.d)} at ${time(m.s)} ${what(m)}`, $('lists'));
        b.type = 'button';
        b.onclick = () => { select(m.s, m.s + Math.max(1, m.d)); show(); };
      }
    };
    list('Longest recompilations', D.compiles, m => m.l || '');
    list('Longest gaps', D.gaps, m => { const b = bandAt(m.s - 1); return b >= 0 ? 'after ' + bandName(b).split(' (')[0] : ''; });
  }

  async function copy() {
    if (!selected) return;
    const text = command(selected);
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = element('textarea', text, document.body);
      area.select();
      document.execCommand('copy');
      area.remove();
      $('time').focus();
    }
    $('copied').textContent = 'copied';
  }

  // step goes to the step before or after the selection.
  function step(by) {
    if (!selected) return selectBand(by > 0 ? 0 : D.bands.length - 1);
    let i = 0;
    while (i < D.bands.length && D.bands[i][0] < selected.from) i++;
    const exact = i < D.bands.length && D.bands[i][0] === selected.from;
    selectBand(by < 0 ? i - 1 : exact ? i + 1 : i);
  }

  function zoom(by) {
    const middle = selected ? (selected.from + selected.to) / 2 : (view.from + view.to) / 2, half = (view.to - view.from) / 2 * by;
    look(middle - half, middle + half);
  }

  function nudge(by, onlyEnd) {
    const step = by * (view.to - view.from) / 100;
    if (!selected) {
      const middle = (view.from + view.to) / 2;
      return select(middle, middle + Math.abs(step));
    }
    const length = selected.to - selected.from;
    if (onlyEnd) return select(selected.from, Math.max(selected.from + 1, selected.to + step));
    const from = clamp(selected.from + step, 0, end - length);
    select(from, from + length);
    show();
  }

  const bindings = {
    ArrowLeft: e => nudge(-1, e.shiftKey), ArrowRight: e => nudge(1, e.shiftKey),
    n: () => step(1), p: () => step(-1),
    '+': () => zoom(.5), '=': () => zoom(.5), '-': () => zoom(2),
    z: () => selected && look(selected.from, selected.to), 0: () => look(0, end),
    Enter: copy, Escape: () => select(null),
  };
  $('time').addEventListener('keydown', e => {
    const act = bindings[e.key];
    if (!act || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    act(e);
  });
  for (const id of ['from', 'to']) {
    $(id).addEventListener('change', () => {
      const from = parseFloat($('from').value || '0') * 1e6, to = $('to').value ? parseFloat($('to').value) * 1e6 : end;
      if (to > from) { select(from, to); show(); } else tell();
    });
  }
  $('copy').onclick = copy;
  $('clear').onclick = () => select(null);
  $('zoom').onclick = bindings.z;
  $('all').onclick = bindings[0];
  $('next').onclick = () => step(1);
  $('previous').onclick = () => step(-1);
  if (!D.bands.length) $('next').hidden = $('previous').hidden = true;

  facts(); keys(); lists(); tell(); build();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', build);
  let wide = $('charts').clientWidth;
  new ResizeObserver(() => {
    if ($('charts').clientWidth !== wide) { wide = $('charts').clientWidth; build(); }
  }).observe($('charts'));
})();
