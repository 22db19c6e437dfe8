'use strict';
// What the page does before anything else: a policy of where it may load from.
const policy = {
  'default-src': "'self'",
  'script-src': "'self' 'unsafe-eval'",
  'object-src': "'none'",
  'connect-src': "'self' ws://127.0.0.1:8037 http://localhost:8080 https: blob: data: http://127.0.0.1:9001 ws://127.0.0.1:9001 ws://127.0.0.1:9167",
  'img-src': "'self' data: blob:",
  'style-src': "'self' 'unsafe-inline'",
};
const meta = document.createElement('meta');
meta.httpEquiv = 'Content-Security-Policy';
meta.content = Object.entries(policy).map(([what, from]) => `${what} ${from}; `).join('');
document.head.append(meta);

var got = null; // what was opened
var asked = null; // the question that waits for an answer
var answer = () => {};
var pings = 0, refusals = [];

// routeOf reads what stands behind #!, with + for blanks.
function routeOf(hash) {
  const at = hash.startsWith('#!') ? hash.slice(2) : '';
  return Object.fromEntries(new URLSearchParams(new URL('https://example.com' + at).search));
}
const route = routeOf(location.hash); // as it was at first: what comes later is not asked again

const ALLOWED = ['dev.perfetto.PinTracksByRegex', 'dev.perfetto.ExpandTracksByRegex', 'dev.perfetto.CollapseTracksByRegex'];

const digest = bytes => crypto.subtle.digest('SHA-256', bytes);

// digestOfSlices is the sum of the sums of 32 MB each: as the page reads what no buffer holds.
async function digestOfSlices(file) {
  const sums = [];
  for (let at = 0; at < file.size; at += 32 << 20) sums.push(await digest(await file.slice(at, at + (32 << 20)).arrayBuffer()));
  return digest(await new Blob(sums).arrayBuffer());
}

// opened notes a trace, and what the address says of it.
async function opened(buffer, rest) {
  const sum = buffer instanceof File ? await digestOfSlices(buffer) : await digest(buffer);
  const commands = JSON.parse(route.startupCommands || '[]');
  got = {
    ...rest, size: buffer.byteLength ?? buffer.size, hash: location.hash, pings, mode: route.mode || '',
    start: route.visStart || '', end: route.visEnd || '',
    blocked: commands.filter(c => !ALLOWED.includes(c.id)).map(c => c.id),
    pins: commands.map(c => new RegExp(c.args[0]).source),
    sum: [...new Uint8Array(sum)].map(b => b.toString(16).padStart(2, '0')).join(''),
  };
  document.getElementById('shown').textContent = got.title + ', ' + got.size + ' bytes';
}

function trusts(origin) {
  if (origin === window.origin) return true;
  if (origin === 'null') return false;
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(origin).hostname);
}

const plain = text => text.replace(/[^A-Za-z0-9.\-_#:/?=&;%+$ ]/g, ' ');

// posted is the trace of a message, undefined if it has none.
function posted(data) {
  const isBuffer = b => b instanceof ArrayBuffer || ArrayBuffer.isView(b);
  const buffer = b => b instanceof ArrayBuffer ? b : b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength);
  if (isBuffer(data)) return {title: 'External trace', buffer: buffer(data), localOnly: true};
  const p = data.perfetto;
  if (p === undefined || !isBuffer(p.buffer) || typeof p.title !== 'string') return undefined;
  return {
    title: plain(p.title), fileName: p.fileName === undefined ? '' : plain(p.fileName), buffer: buffer(p.buffer),
    localOnly: p.localOnly ?? true, keepApiOpen: p.keepApiOpen,
  };
}

function heard(event) {
  const refuse = why => { refusals.push(why); };
  if (event.data.perfettoIgnore === true) return;
  if (document.readyState !== 'complete') return refuse('not ready');
  const source = event.source;
  if (source === null || !(source === window.opener || source === window.parent || source.opener === window)) return refuse('not from opener, parent or opened');
  if (event.data === 'PING') {
    pings++;
    source.postMessage('PONG', '*');
    return;
  }
  if (event.data === 'SHOW-HELP' || event.data === 'RELOAD-CSS-CONSTANTS') return;
  const p = event.data.perfetto;
  if (p !== undefined && (p.timeStart !== undefined || p.timeEnd !== undefined)) return;
  const trace = posted(event.data);
  if (!trace) return refuse('unknown message');
  if (trace.buffer.byteLength === 0) { refuse('empty'); throw new Error('the buffer is empty'); }
  if (!trace.keepApiOpen) removeEventListener('message', heard);
  const open = () => opened(trace.buffer, {title: trace.title, fileName: trace.fileName, localOnly: trace.localOnly, origin: event.origin});
  if (trusts(event.origin)) { open(); return; }
  asked = event.origin + ' is trying to open a trace file.';
  answer = yes => { asked = null; if (yes) open(); };
}

// probed is true if a trace processor answers on this machine, where the page asks its user
// whether to adopt what it holds, and then listens no more.
async function probed() {
  const timeUp = new Promise((done, failed) => setTimeout(() => failed(new Error('time is up')), 2000));
  try {
    const answered = await Promise.race([fetch('http://127.0.0.1:9001/status', {method: 'post', cache: 'no-cache'}), timeUp]);
    return answered.status === 200;
  } catch {
    return false;
  }
}

async function fetched(url) {
  if (!['127.0.0.1', 'localhost'].includes(new URL(url).hostname)) throw new Error('only what is on this machine');
  const answered = await fetch(url);
  if (!answered.ok) throw new Error(`HTTP ${answered.status}`);
  const file = new File([await answered.blob()], url.split('/').pop());
  await opened(file.size < 2 ** 31 - 1 ? await file.arrayBuffer() : file, {title: file.name, url});
}

// The page is complete late: its script and its style are large.
setTimeout(async () => {
  if (await probed()) { asked = 'a trace processor was found'; return; }
  addEventListener('message', heard, {passive: true});
  if (route.url) fetched(route.url).catch(error => { got = {error: String(error)}; });
}, 50);
