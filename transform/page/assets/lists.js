// What there is besides the charts: facts, shares, lists to pick from, tables.
const PHASES = {C: 'counters', M: 'names', i: 'instants', I: 'instants', s: 'flow starts', t: 'flow steps', f: 'flow ends', B: 'begins', E: 'ends', b: 'async begins', e: 'async ends', n: 'async instants'};

function categoryName(c) {
  const what = c.ph === 'X' ? '' : PHASES[c.ph] || 'phase ' + c.ph;
  if (!c.n) return what || 'slices of no category';
  return c.n + (what ? ', ' + what : '');
}

function facts() {
  const parts = [`${time(D.length)} from @${micros(0)}`, plural(D.events, 'event'), size(D.bytes) + ' of JSON' + (D.packed > 0 && D.packed < D.bytes ? ` (${size(D.packed)} packed)` : '')];
  if (D.clock) parts.push('starts ' + D.clock);
  if (D.damage) parts.push('damaged: ' + D.damage);
  $('facts').textContent = parts.join(' · ');
  $('markers').textContent = D.markers;
}

// shares draws what takes the room, each with a box to leave it out.
function shares() {
  $('shares').replaceChildren();
  const all = D.cats.reduce((n, c) => n + c.b, 0);
  for (const c of D.cats) {
    const box = element('div', undefined, $('shares')), line = element('div', undefined, box);
    box.className = 'share';
    const label = element('label', undefined, line);
    if (c.n && c.ph !== 'M' && !c.n.endsWith('…')) {
      const tick = element('input', undefined, label);
      tick.type = 'checkbox';
      tick.title = 'leave out the category ' + c.n;
      tick.dataset.cat = c.n;
      tick.checked = without.has(c.n);
      tick.onchange = () => leaveOut(c.n, tick.checked);
    }
    element('span', categoryName(c), label);
    element('span', `${share(c.b / D.bytes)} · ${count(c.e)}`, line);
    box.title = `${size(c.b)}, ${plural(c.e, 'event')}` + (c.d ? `, ${time(c.d)} in all` : '');
    const bar = element('b', undefined, box);
    bar.style.width = 100 * c.b / Math.max(1, all) + '%';
    if (c.k === 'python' || c.k === 'hardware') bar.style.background = color(c.k === 'python' ? 'python' : 'device');
  }
  $('python').disabled = !D.cats.some(c => c.k === 'python');
  $('hardware').disabled = !D.cats.some(c => c.k === 'hardware') && !D.lanes.some(l => l.k === 'device');
}

function leaveOut(cat, is) {
  if (is) without.add(cat); else without.delete(cat);
  for (const tick of document.querySelectorAll('#shares input')) if (tick.dataset.cat === cat) tick.checked = is;
  tell();
}

function keys() {
  $('key').replaceChildren();
  const swatch = (name, text) => {
    const s = element('span', undefined, $('key'));
    element('i', undefined, s).style.background = name === 'warm-up' ? 'var(--warmup)' : `var(--${name})`;
    s.append(text);
  };
  for (const p of D.phases) swatch(p, p);
  if (D.compiles.length) swatch('compile', 'recompilation');
  if (D.gaps.length) swatch('gap', 'long gap');
  for (const k of ['host', 'python', 'device']) if (D.lanes.some(l => l.k === k)) swatch(k, k);
  element('span', 'stronger: more events; higher: busier', $('key'));
}

const bandEnd = i => {
  const b = D.bands[i], next = D.bands[i + 1];
  return next && next[0] > b[0] ? next[0] : b[0] + Math.max(1, b[1]);
};
const stepAt = ns => { const b = bandAt(ns); return b >= 0 ? stepsName(D.firsts[b], D.bands[b][3]) : ''; };

// LISTS are what can be picked: each gives its entries as {from, to, d, what}.
const LISTS = {
  'steps': () => D.bands.map((b, i) => ({from: b[0], to: bandEnd(i), d: b[1], what: bandName(i)})),
  'longest steps': () => LISTS.steps().sort((a, b) => b.d - a.d),
  'phases': () => D.runs.map(r => ({from: r[0], to: r[0] + Math.max(1, r[1]), d: r[1], what: `${D.phases[r[2]]}, ${stepsName(r[4], r[3])}`})),
  'requests': () => D.requests.map(r => ({from: r.s, to: r.s + Math.max(1, r.d), d: r.d, what: (r.l || 'request') + (D.inferred ? ' (inferred)' : '')})),
  'recompilations': () => [...D.compiles].sort((a, b) => b.d - a.d).map(m => ({from: m.s, to: m.s + Math.max(1, m.d), d: m.d, what: m.l || stepAt(m.s)})),
  'gaps': () => [...D.gaps].sort((a, b) => b.d - a.d).map(m => ({from: m.s, to: m.s + Math.max(1, m.d), d: m.d, what: 'after ' + (stepAt(m.s - 1) || 'the step before')})),
};
const listed = 200; // entries that are shown

function lists() {
  const before = $('which').value;
  $('which').replaceChildren();
  for (const name of Object.keys(LISTS)) {
    const n = LISTS[name]().length;
    if (!n) continue;
    const o = element('option', `${name} (${count(n)})`, $('which'));
    o.value = name;
  }
  const some = $('which').options.length > 0;
  $('pick').hidden = !some;
  if (some && [...$('which').options].some(o => o.value === before)) $('which').value = before;
}

// listInView lists what of the chosen list is in view.
function listInView() {
  const name = $('which').value;
  $('list').replaceChildren();
  if (!D || !name) return;
  const all = LISTS[name]().filter(e => e.to > view.from && e.from < view.to);
  for (const e of all.slice(0, listed)) entry($('list'), e, D.zero);
  $('more').textContent = all.length > listed ? `${count(listed)} of ${count(all.length)} in view: zoom in to list the others` : '';
}

// entry is a button that selects a stretch of time.
function entry(parent, e) {
  const b = element('button', undefined, parent);
  b.type = 'button';
  element('span', time(e.d), b);
  element('span', e.what, b);
  element('span', 'at ' + time(e.from), b);
  b.onclick = () => choose(e.from, e.to);
  return b;
}

// walk lets arrow keys go through a list.
function walk(event) {
  const to = {ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling'}[event.key];
  if (!to || event.target.tagName !== 'BUTTON') return;
  event.preventDefault();
  if (event.target[to]) event.target[to].focus();
}

function tables() {
  $('tables').replaceChildren();
  for (const t of D.tables || []) {
    const box = element('div', undefined, $('tables'));
    box.className = 'table';
    const table = element('table', undefined, box), head = element('tr', undefined, element('thead', undefined, table));
    t.head.forEach((text, i) => { element('th', text, head).className = i < t.left ? '' : 'n'; });
    const body = element('tbody', undefined, table);
    for (const row of t.rows) {
      const line = element('tr', undefined, body);
      row.forEach((text, i) => { element('td', text, line).className = i < t.left ? '' : 'n'; });
    }
  }
}
