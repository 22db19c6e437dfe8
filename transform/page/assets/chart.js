// The charts over time: rows of steps, marks and threads, and lines below.
const AXIS = 30, TEXT = '12px system-ui, sans-serif';
let end = 1, bins = 0; // of D
const view = {from: 0, to: 1};
let charts = [];
let rows = []; // of the first chart, from the top
let depth = 0; // of all rows
let gutter = 210; // left of the charts, for labels
let pressed = 0; // where the mouse was
let fine = null; // a part in more detail than D has
let pieces = []; // that were cut: s, d
let found = null; // by a search: bins over the whole run

const color = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const phaseColor = name => color(name === 'warm-up' ? 'warmup' : name);

// axisTime writes a time of an axis, in the unit that fits what is in view.
function axisTime(s) {
  const length = view.to - view.from;
  const [unit, scale] = length >= 1e9 ? ['s', 1] : length >= 1e6 ? ['ms', 1e3] : length >= 1e3 ? ['µs', 1e6] : ['ns', 1e9];
  return +(s * scale).toPrecision(12) + ' ' + unit;
}

// fitted is text that takes at most so many pixels: its middle goes, since names of threads
// begin with the same.
const measure = document.createElement('canvas').getContext('2d');
function fitted(text, width, font) {
  measure.font = font || TEXT;
  if (measure.measureText(text).width <= width) return text;
  const short = n => text.slice(0, Math.ceil(n / 2)) + '…' + text.slice(text.length - Math.floor(n / 2));
  let lo = 1, hi = text.length;
  while (lo < hi) {
    const mid = (lo + hi + 1) >> 1;
    if (measure.measureText(short(mid)).width <= width) lo = mid; else hi = mid - 1;
  }
  return short(lo);
}

function layRows() {
  rows = []; depth = 0;
  const add = (kind, label, height, lane, at) => { rows.push({kind, label, height, lane, at, top: depth}); depth += height; };
  if (D.bands.length) add('steps', 'steps', 26);
  if (D.compiles.length) add('compiles', 'recompilations', 16);
  if (D.gaps.length) add('gaps', 'long gaps', 16);
  if (found) add('found', 'found', 16);
  if (pieces.length) add('pieces', 'pieces cut', 16);
  let process = null;
  D.lanes.forEach((lane, i) => {
    if (lane.p !== process && lane.p) add('head', lane.p, 22);
    process = lane.p;
    add('lane', lane.n + (lane.k === 'python' ? ' · Python' : ''), 18, lane, i);
  });
  if (!depth) add('none', '', 26);
}

function drawRows(u) {
  const ctx = u.ctx, box = u.bbox, ratio = devicePixelRatio;
  const heads = [];
  ctx.save();
  ctx.beginPath(); ctx.rect(box.left, box.top, box.width, box.height); ctx.clip();
  for (const r of rows) {
    const top = u.valToPos(r.top, 'y', true), height = r.height * box.height / depth;
    const marks = (all, name) => drawMarks(u, all, color(name), top + ratio, height - 2 * ratio);
    if (r.kind === 'head') heads.push([r.label, top + height / 2]);
    if (r.kind === 'lane') drawLane(u, r, top + ratio, height - 2 * ratio);
    if (r.kind === 'steps') drawBands(u, top + ratio, height - 2 * ratio);
    if (r.kind === 'compiles') marks(D.compiles, 'compile');
    if (r.kind === 'gaps') marks(D.gaps, 'gap');
    if (r.kind === 'pieces') marks(pieces, 'focus');
    if (r.kind === 'found') drawFound(u, top + ratio, height - 2 * ratio);
  }
  ctx.restore();
  for (const [label, middle] of heads) drawHead(u, label, middle);
  document.documentElement.dataset.ready = true;
}

// drawHead writes a process's name from the left, its threads below are written up to
// the chart.
function drawHead(u, label, middle) {
  const ctx = u.ctx, box = u.bbox, ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'left'; ctx.textBaseline = 'middle';
  ctx.fillStyle = color('ink');
  const text = fitted(label, (box.left + box.width) / ratio - 40, '600 ' + TEXT), width = ctx.measureText(text).width;
  ctx.fillText(text, 0, middle);
  ctx.fillStyle = color('line');
  ctx.fillRect(width + 8 * ratio, middle, box.left + box.width - width - 8 * ratio, ratio);
  ctx.restore();
}

const place = (u, ns) => u.valToPos(ns / 1e9, 'x', true);

// drawLane paints each column of pixels: the stronger the more events, the higher the
// busier.
function drawLane(u, row, top, height) {
  const ctx = u.ctx, box = u.bbox, ratio = devicePixelRatio;
  ctx.fillStyle = color('line'); ctx.globalAlpha = .25;
  ctx.fillRect(box.left, top, box.width, height);
  ctx.fillStyle = color(row.lane.k);
  const closer = covers(fine) && fine.lanes[row.at];
  const {e, b} = closer || row.lane, n = e.length;
  const [origin, width] = closer ? [fine.origin, fine.width] : [D.origin, D.width];
  if (row.most === undefined || row.of !== e) { row.most = Math.log1p(e.reduce((a, v) => Math.max(a, v), 0)); row.of = e; }
  const perPixel = (view.to - view.from) / box.width / width;
  const first = (view.from - origin) / width;
  for (let x = 0; x < box.width; x++) {
    const from = clamp(Math.floor(first + x * perPixel), 0, n - 1);
    const to = clamp(Math.ceil(first + (x + 1) * perPixel), from + 1, n);
    let events = 0, busy = 0;
    for (let i = from; i < to; i++) { events = Math.max(events, e[i]); busy += b[i]; }
    busy /= to - from;
    if (!events && !busy) continue;
    const h = Math.max(2 * ratio, height * busy / 1000);
    ctx.globalAlpha = .3 + .7 * Math.log1p(events) / (row.most || 1);
    ctx.fillRect(box.left + x, top + height - h, 1, h);
  }
  ctx.globalAlpha = 1;
}

// covers reports whether a part in more detail holds all that is in view.
const covers = part => part && part.origin <= view.from && part.origin + part.width * part.bytes.length >= view.to;

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

function drawFound(u, top, height) {
  const ctx = u.ctx, width = end / found.length, most = Math.log1p(Math.max(...found));
  ctx.fillStyle = color('graph');
  found.forEach((n, i) => {
    if (!n || i * width > view.to || (i + 1) * width < view.from) return;
    const x = place(u, i * width);
    ctx.globalAlpha = .4 + .6 * Math.log1p(n) / most;
    ctx.fillRect(x, top, Math.max(2 * devicePixelRatio, place(u, (i + 1) * width) - x), height);
  });
  ctx.globalAlpha = 1;
}

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
      {size: gutter, stroke: color('ink'), font: TEXT, grid: {show: false}, ticks: {show: false}, ...values},
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
    values: () => rows.map(r => r.kind === 'head' ? '' : fitted(r.label, gutter - 14)),
    gap: 8,
  });
  o.scales.y = {range: () => [0, depth], dir: -1};
  o.series = [{}, {stroke: 'transparent', points: {show: false}}];
  o.hooks.draw.push(drawRows);
  o.hooks.setCursor = [under];
  const u = new uPlot(o, [[0, end / 1e9], [0, depth]], $('time'));
  u.over.addEventListener('mousedown', event => { pressed = event.clientX; });
  u.over.addEventListener('click', pick);
  return u;
}

const rowAt = (u, top) => rows.find(r => top * depth / u.over.clientHeight < r.top + r.height);

// under tells what is under the pointer.
function under(u) {
  const {left, top} = u.cursor;
  if (left < 0 || left === undefined) { $('under').textContent = ''; return; }
  const ns = u.posToVal(left, 'x') * 1e9, row = rowAt(u, top);
  let text = time(ns) + ' after the start (@' + micros(ns) + ')';
  if (row && row.kind === 'lane') {
    const closer = covers(fine) && fine.lanes[row.at], from = closer ? fine : D, lane = closer || row.lane;
    const i = clamp(Math.floor((ns - from.origin) / from.width), 0, lane.e.length - 1);
    text += ` · ${row.lane.p} · ${row.label}: ${plural(lane.e[i], 'event')} in ${time(from.width)}, ${lane.b[i] / 10} % busy`;
  }
  const b = bandAt(ns);
  if (b >= 0) text += ` · ${bandName(b)}, ${time(D.bands[b][1])}`;
  for (const m of D.compiles) if (ns >= m.s && ns <= m.s + m.d) text += ` · compiles ${m.l}, ${time(m.d)}`;
  for (const m of pieces) if (ns >= m.s && ns <= m.s + m.d) text += ` · cut before, ${m.l}`;
  $('under').textContent = text;
}

const plain = name => ({size: gutter, space: 24, stroke: color('soft'), grid: {show: true, stroke: color('line'), width: 1}, values: (u, at) => at.map(name)});

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

const si = v => v === 0 ? '0' : amount(v, ['', 'k', 'M', 'G', 'T'], 1000).trim();

// build draws everything anew.
function build() {
  const width = Math.max(280, $('charts').clientWidth); // as it is with the charts there
  for (const u of charts) u.destroy();
  $('lines').replaceChildren();
  layRows();
  const widest = rows.reduce((w, r) => { measure.font = TEXT; return r.kind === 'head' ? w : Math.max(w, measure.measureText(r.label).width); }, 60);
  gutter = Math.round(clamp(widest + 16, 84, Math.max(84, width * (width < 600 ? .34 : .26))));
  const starts = D.load.e.map((_, i) => (D.origin + i * D.width) / 1e9);
  const perSecond = D.load.b.map(b => b / D.width * 1e9);
  const line = name => ({stroke: color(name), width: 1, points: {show: false}});
  charts = [timeChart(width)];
  charts.push(lineChart('JSON in a second of the run', width, [starts, perSecond], [{...line('host'), fill: color('host') + '33'}], size));
  for (const c of D.counters) {
    const step = uPlot.paths.stepped({align: 1});
    const s = {...line('graph'), paths: step};
    const whole = v => Math.abs(v) < 1000 ? +v.toPrecision(4) + '' : si(v);
    charts.push(lineChart(c.n, width, [starts, c.h, c.l], [s, s], whole));
  }
  look(view.from, view.to);
}

// look moves the view.
function look(from, to) {
  const least = Math.min(end, live ? 1000 : Math.max(D.width, 1) * 4);
  const length = clamp(to - from, least, end);
  view.from = clamp((from + to - length) / 2, 0, end - length);
  view.to = view.from + length;
  for (const u of charts) u.setScale('x', {min: view.from / 1e9, max: view.to / 1e9});
  if (live) refine();
  listInView();
}
