// What is chosen: a range, and what to leave out of it.
let selected = null; // {from, to}
const without = new Set(); // categories, by name
const kinds = ['python', 'hardware']; // that have a box to leave them out

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

const ticked = id => $(id).checked && !$(id).disabled;

// request is the piece that is chosen, as the server takes it.
function request() {
  const r = {from: '', to: '', launched: false, strip: [], cats: [...without].sort(), target: 0};
  if (selected) {
    const to = selected.to >= D.length ? D.length + 1 : selected.to; // what happens at the very end belongs
    r.from = String(absolute(selected.from));
    r.to = String(absolute(to));
    r.launched = ticked('launched');
  }
  for (const kind of kinds) if (ticked(kind)) r.strip.push(kind);
  if (ticked('thin')) r.target = Math.round(clamp(parseFloat($('target').value) || 200, 1, 1e6)) * 1e6;
  return r;
}

// command is what makes the piece in a shell; empty if nothing is chosen.
function command(r) {
  const at = ns => { const s = ns.padStart(4, '0'); return '@' + s.slice(0, -3) + '.' + s.slice(-3); };
  const verbs = [];
  if (r.from) verbs.push(`slice --from ${at(r.from)} --to ${at(r.to)}` + (r.launched ? ' --device launched' : ''));
  if (r.strip.length + r.cats.length) verbs.push(['strip', ...r.strip.map(k => '--' + k), ...r.cats.map(c => '--cat ' + quoted(c))].join(' '));
  if (r.target) verbs.push(`downsample --target-size ${r.target / 1e6}MB`);
  const flags = verb => ((D.flags || {})[verb.split(' ', 1)[0]] || []).map(word => ' ' + quoted(word)).join('');
  return verbs.map((verb, i) => `tracekit ${verb}` + flags(verb) +
    (i === verbs.length - 1 ? ` -o ${fileWord(D.out)}` : '') + (i === 0 ? ' ' + fileWord(D.name || 'FILE') : '')).join(' | ');
}

const KINDS = {C: 'counters', i: 'instants', I: 'instants', R: 'instants', s: 'flows', t: 'flows', f: 'flows'}; // by ph

// estimate tells what a piece would have: what begins in the range, what is open at its
// start, and what every piece has, less what is left out.
function estimate(s, r) {
  const L = D.load;
  let begin = 0, bytes = 0, open = 0, openBytes = 0, openAfter = 0, points = 0, whole = 0;
  const cats = D.cats.filter(c => r.strip.includes(c.k) || r.strip.includes(KINDS[c.ph]) || r.cats.includes(c.n));
  let lessEvents = 0, lessBytes = 0;
  for (let i = 0; i < bins; i++) {
    const a = D.origin + i * D.width, b = a + D.width;
    const before = clamp((s.from - a) / D.width, 0, 1), after = clamp((s.to - a) / D.width, 0, 1);
    const inside = Math.max(0, Math.min(s.to, b) - Math.max(s.from, a)) / D.width;
    begin += inside * L.e[i]; bytes += inside * L.b[i];
    open += before * L.oe[i]; openBytes += before * L.ob[i]; openAfter += after * L.oe[i];
    points += inside * L.p[i]; whole += after * L.p2[i] - before * L.p1[i];
    if (inside) for (const c of cats) if (c.be) { lessEvents += inside * c.be[i]; lessBytes += inside * c.bb[i]; }
  }
  const lost = r.strip.includes('flows') ? 0 : points - Math.max(whole, 0); // of flows that the range cuts
  const e = {
    events: L.fe + Math.floor(begin + open - lost + .5),
    bytes: L.fb + Math.floor(bytes + openBytes + L.clip * (open + openAfter) - lost * L.ps + .5),
  };
  if (lessEvents) {
    e.events = Math.max(0, e.events - Math.round(lessEvents));
    e.bytes = Math.max(L.fb, e.bytes - Math.round(lessBytes));
  }
  if (r.target && e.bytes > r.target) {
    e.events = Math.round(e.events * r.target / e.bytes);
    e.bytes = r.target;
  }
  return e;
}

// expect shows what a piece will have, counted or not.
function expect(e, length, counted) {
  $('estimate').textContent = `${length} · ${counted ? '' : 'about '}${plural(e.events, 'event')}, ${size(e.bytes)} of JSON`;
  Object.assign($('estimate').dataset, {events: e.events, bytes: e.bytes, counted});
}

// tell shows what is chosen.
function tell() {
  const s = selected, r = request(), text = command(r);
  for (const id of ['zoom', 'clear']) $(id).disabled = !s;
  $('launched').disabled = !s;
  $('copy').disabled = !text;
  if (document.activeElement !== $('from')) $('from').value = s ? exact(s.from) : '';
  if (document.activeElement !== $('to')) $('to').value = s ? exact(s.to) : '';
  $('copied').textContent = '';
  $('command').textContent = text || 'Drag over the chart to choose a range.';
  const e = estimate(s || {from: 0, to: end}, r), length = time(s ? s.to - s.from : D.length);
  expect(e, length, false);
  if (live) countLater(r, e, length);
  $('large').hidden = e.bytes <= D.tab;
  $('large').textContent = `More than about ${size(D.tab)} of JSON is too large for a browser's tab: choose less, or tick “thin out”.`;
  if (live) chosen();
}

// preset ticks what the call of the server has left out, which has a box of its own then.
function preset() {
  $('launched').checked ||= Boolean(D.launched);
  for (const kind of D.strip || []) {
    if (!kinds.includes(kind)) {
      const label = element('label'), box = element('input', undefined, label);
      box.type = 'checkbox';
      box.id = kind;
      box.onchange = tell;
      label.append(' no ' + kind);
      $('hardware').parentElement.after(label);
      kinds.push(kind);
    }
    $(kind).checked = true;
  }
}

function bandAt(ns) {
  let lo = 0, hi = D.bands.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (D.bands[mid][0] <= ns) lo = mid + 1; else hi = mid;
  }
  const b = D.bands[lo - 1];
  return b && ns < b[0] + b[1] ? lo - 1 : -1;
}

const stepsName = (first, n) => n > 1 ? `steps ${first}..${first + n - 1}` : `step ${first}`;

function bandName(i) {
  const [, , phase, n] = D.bands[i];
  const name = D.phases[phase], label = D.labels[i];
  return `${stepsName(D.firsts[i], n)} (${name})` + (label && label !== name ? ' ' + label : '');
}

// selectBand selects a step as slice --step does: up to the start of the next.
function selectBand(i) {
  if (!D.bands.length) return;
  i = clamp(i, 0, D.bands.length - 1);
  const b = D.bands[i], next = D.bands[i + 1];
  choose(b[0], next && next[0] > b[0] ? next[0] : b[0] + Math.max(1, b[1]));
}

// choose selects a range and moves the view there if that is out of sight.
function choose(from, to) {
  select(from, to);
  const s = selected, length = view.to - view.from;
  if (s && (s.to > view.to || s.from < view.from)) look((s.from + s.to - length) / 2, (s.from + s.to + length) / 2);
}

function pick(event) {
  const u = charts[0], at = event.clientX - u.over.getBoundingClientRect().left;
  if (Math.abs(event.clientX - pressed) > 3) return; // that was a drag
  mark(u);
  const row = rowAt(u, event.clientY - u.over.getBoundingClientRect().top), ns = u.posToVal(at, 'x') * 1e9;
  if (!row) return;
  const tolerance = (view.to - view.from) / 300;
  const near = m => ns >= m.s - tolerance && ns <= m.s + m.d + tolerance;
  if (row.kind === 'steps' && bandAt(ns) >= 0) selectBand(bandAt(ns));
  const m = ({compiles: D.compiles, gaps: D.gaps, pieces}[row.kind] || []).find(near);
  if (m) select(m.s, m.s + Math.max(1, m.d));
}

// step goes to the step before or after the selection.
function step(by) {
  if (!selected) return selectBand(by > 0 ? 0 : D.bands.length - 1);
  let i = 0;
  while (i < D.bands.length && D.bands[i][0] < selected.from) i++;
  const here = i < D.bands.length && D.bands[i][0] === selected.from;
  selectBand(by < 0 ? i - 1 : here ? i + 1 : i);
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
  choose(from, from + length);
}

async function copy() {
  const text = command(request());
  if (!text) return;
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
