// What a server adds to the page: news while the trace is read, pieces, search, detail.
let live = null; // {token, viewer, straight}; null for a page that stands alone
let ready = false; // pieces can be cut at once
let cutting = null; // the AbortController of the piece that is cut
let held = null; // the piece that was cut last: {key, made, buffer}
let searching = null, refining = null, refineLater = 0, counting = null, countTimer = 0;
const COUNTED = 16e6; // bytes of JSON up to which a piece is counted: bins say little of so few

const STORED = 'tracekit'; // in the tab's own storage

// ask asks the server for something. What it answers otherwise than well is an Error.
async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {...options, headers: {'X-Tracekit-Token': live ? live.token : '', ...options.headers}});
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error('tracekit does not answer any more: start tracekit open again');
  }
  if (!answer.ok) throw new Error((await answer.text()).trim() || answer.statusText);
  return answer;
}

// begin exchanges what stands in the address for a token, and lets it leave the address.
async function beginLive() {
  let code = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
  if (!code) code = sessionStorage.getItem(STORED) || '';
  const answer = await ask('/api/session', {method: 'POST', headers: {'X-Tracekit-Token': code}});
  live = await answer.json();
  sessionStorage.setItem(STORED, live.token);
  pieces = live.cuts;
  document.documentElement.dataset.live = true;
  const host = live.viewer.shakes && live.viewer.host === 'ui.perfetto.dev' ? 'Perfetto' : live.viewer.host;
  $('perfetto').textContent = 'Open in ' + host;
  if (live.straight) return straight();
  await follow();
}

// follow draws what is known of the trace, until all of it was read.
async function follow() {
  for (let version = -1, ended = false; !ended;) {
    const text = await (await ask('/api/state?version=' + version)).text();
    const at = text.indexOf('\n'), now = JSON.parse(text.slice(0, at));
    progress(now);
    ready = now.ready;
    ended = now.ended;
    if (now.version === version) continue;
    version = now.version;
    if (text.length > at + 1) show(JSON.parse(text.slice(at + 1)));
    if (now.error) throw new Error(now.error);
  }
}

function progress(now) {
  $('progress').hidden = now.ended;
  const bar = $('progress').firstElementChild, part = now.of > 0 ? Math.min(1, now.done / now.of) : 0;
  if (now.of > 0) bar.value = part; else bar.removeAttribute('value');
  $('progress').lastElementChild.textContent = now.of > 0 ? `reading: ${Math.floor(100 * part)} % of ${size(now.of)}` : `reading: ${size(now.done)}`;
}

// say tells what is going on, or went wrong.
function say(text, wrong) {
  $('said').textContent = text;
  $('said').className = wrong ? 'wrong' : '';
}

// chosen is called when another piece is chosen.
function chosen() {
  $('second').hidden = true;
  if (!cutting) say('');
}

// noted is text, and what the verbs have said of a piece.
const noted = (text, made) => made.note ? `${text} · ${made.note}` : text;

// countLater lets the server count the events of a small piece, once the choice stays.
function countLater(r, estimated, length) {
  clearTimeout(countTimer);
  if (counting) counting.abort();
  if (!ready || !r.from || r.launched || r.target || estimated.bytes > COUNTED) return;
  countTimer = setTimeout(async () => {
    const mine = counting = new AbortController();
    try {
      const counted = await (await ask('/api/count', {method: 'POST', body: JSON.stringify(r), signal: mine.signal})).json();
      if (counting === mine && !mine.signal.aborted) expect(counted, length, true);
    } catch { /* the estimate stays */ }
  }, 250);
}

// make cuts the chosen piece, unless it was the last one.
async function make(r) {
  const key = JSON.stringify(r);
  if (held && held.key === key) return held;
  if (cutting) cutting.abort();
  clearTimeout(countTimer); // what is cut is not counted first
  const mine = cutting = new AbortController();
  $('cancel').hidden = false;
  say(ready ? 'cutting…' : 'The piece is cut once all of the trace was read.');
  try {
    const answer = await ask('/api/cut', {method: 'POST', body: key, signal: mine.signal});
    held = {key, made: await answer.json(), buffer: null};
    if (r.from) {
      const from = Number(BigInt(r.from) - BigInt(D.zero)), to = Number(BigInt(r.to) - BigInt(D.zero));
      pieces = [...pieces.filter(p => p.s !== from || p.s + p.d !== to), {s: from, d: to - from, l: held.made.name + ', ' + size(held.made.bytes)}];
      build();
    }
    say(noted(size(held.made.bytes), held.made));
    return held;
  } finally {
    if (cutting === mine) { cutting = null; $('cancel').hidden = true; }
  }
}

// gone says what went wrong, unless the user ended it.
function gone(error) { say(error.name === 'AbortError' ? 'cancelled' : error.message, error.name !== 'AbortError'); }

async function download() {
  try {
    const {made} = await make(request()), a = element('a', '', document.body);
    a.href = made.url;
    a.download = made.name;
    a.click();
    a.remove();
  } catch (error) { gone(error); }
}

// refine asks for more detail of what is in view, once the view stays.
function refine() {
  clearTimeout(refineLater);
  if (refining) refining.abort();
  if (!ready || view.to - view.from > end / 2 || covers(fine) && fine.width <= (view.to - view.from) / 1500) return;
  refineLater = setTimeout(async () => {
    const mine = refining = new AbortController(), margin = (view.to - view.from) / 4;
    const from = absolute(Math.max(0, view.from - margin)), to = absolute(Math.min(end, view.to + margin));
    try {
      const part = await (await ask(`/api/finer?from=${from}&to=${to}`, {signal: mine.signal})).json();
      if (part.width >= D.width) return;
      fine = part;
      charts[0].redraw(false);
      document.documentElement.dataset.detail = true;
    } catch (error) { if (error.name !== 'AbortError' && !/too large/.test(error.message)) gone(error); }
  }, 200);
}

// search shows which threads and times have events of a name.
async function search(event) {
  event.preventDefault();
  if (searching) searching.abort();
  const q = $('query').value.trim();
  $('hits').replaceChildren();
  $('hitcount').textContent = '';
  found = null;
  if (!q) { build(); return; }
  const mine = searching = new AbortController();
  $('hitcount').textContent = ready ? 'searching…' : 'Names are searched once all of the trace was read.';
  try {
    const r = selected ? request() : {from: '', to: ''};
    const answer = await ask(`/api/search?q=${encodeURIComponent(q)}&from=${r.from}&to=${r.to}`, {signal: mine.signal});
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let last = null;
    for (let rest = ''; ;) {
      const {value, done} = await reader.read();
      if (done) break;
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      if (lines.length) hits(last = JSON.parse(lines.pop()), Boolean(r.from));
    }
    if (last && last.listing) $('hitcount').textContent += ', which could not all be read';
    build();
  } catch (error) {
    if (error.name !== 'AbortError') $('hitcount').textContent = error.message;
  }
}

function hits(h, inRange) {
  const where = inRange ? ' in the selection' : '';
  $('hitcount').textContent = `${plural(h.count, 'event')} on ${plural(h.threads.length, 'thread')}${where}` + (h.listing ? '' : h.done < h.of ? `, ${Math.floor(100 * h.done / h.of)} % searched` : '');
  const first = !found;
  found = h.count ? h.bins : null;
  if (first && found) build();
  $('hits').replaceChildren();
  for (const t of h.threads) {
    element('h3', `${t.p} · ${t.n}`, $('hits'));
    element('p', `${plural(t.c, 'event')}, ${time(t.d)} in all, the first at ${time(t.s)}`, $('hits'));
    entry($('hits'), {from: t.l.s, to: t.l.s + Math.max(1, t.l.d), d: t.l.d, what: 'longest: ' + t.l.n});
  }
  if (h.hits.length) element('h3', h.count > h.hits.length ? `the first ${count(h.hits.length)}` : 'by time', $('hits'));
  else if (h.listing) element('p', 'reading the first of them…', $('hits'));
  for (const e of h.hits) {
    const t = h.threads[e.t];
    entry($('hits'), {from: e.s, to: e.s + Math.max(1, e.d), d: e.d, what: e.n}).title = t ? `${t.p} · ${t.n}` : '';
  }
}
