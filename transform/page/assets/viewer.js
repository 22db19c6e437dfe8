// The way of a piece to a viewer: its page is opened and asked by messages whether it
// listens; then it gets the bytes, which leave this page.
const PATIENCE = 30e3, OFFLINE = 3e3, EVERY = 50; // ms
const MOST = 2.1e9; // bytes that a page can hand over
const TRUSTED = ['localhost', '127.0.0.1', '[::1]']; // hosts whose pages Perfetto opens traces of without a question

// escaped is text as a regular expression that matches it.
const escaped = text => text.replace(/[.*+?^${}()|[\]\\\/]/g, '\\$&');

// viewerAddress leads to what is chosen: the range in view, and the threads of steps and
// devices first.
function viewerAddress(embedded) {
  const args = [];
  if (embedded) args.push('mode=embedded');
  if (D && selected) {
    // Perfetto ignores a range that is not all within the trace, and rounds times of the trace.
    const inset = Math.min(1000, (selected.to - selected.from) / 100);
    args.push(`visStart=${absolute(selected.from + inset)}`, `visEnd=${absolute(selected.to - inset)}`);
  }
  if (D && D.pins.length) {
    const pins = D.pins.map(name => ({id: 'dev.perfetto.PinTracksByRegex', args: ['^' + escaped(name) + '( |$)']}));
    args.push('startupCommands=' + encodeURIComponent(JSON.stringify(pins)));
  }
  return live.viewer.address + '/#!/' + (args.length ? '?' + args.join('&') : '');
}

// title is what the viewer calls the piece.
function title() {
  if (live.straight) return live.straight;
  const name = (D.name || 'trace').split(/[\\/]/).pop();
  return selected ? `${name} ${exact(selected.from)} to ${exact(selected.to)}` : name;
}

// listens is fulfilled once the viewer in a window says that it listens, or given up
// when signal says so.
function listens(win, signal) {
  return new Promise((done, failed) => {
    const start = Date.now();
    let warned = false;
    const end = () => { clearInterval(timer); removeEventListener('message', heard); };
    signal.addEventListener('abort', () => { end(); failed(signal.reason); });
    const heard = event => {
      if (event.source !== win || event.origin !== live.viewer.origin || event.data !== 'PONG') return;
      end();
      done();
    };
    const timer = setInterval(() => {
      if (win.closed) { end(); failed(new Error('the window was closed')); return; }
      win.postMessage('PING', '*');
      const since = Date.now() - start;
      if (since > OFFLINE && !warned) {
        warned = true;
        say(`${live.viewer.host} has not answered for 3 s. Without internet, download the piece, or start tracekit open with --ui and the address of a viewer within reach. Trying on…`, true);
      }
      if (since > PATIENCE) { end(); failed(new Error(`${live.viewer.host} has not answered for 30 s: download the piece and drop it on a viewer's page`)); }
    }, EVERY);
    addEventListener('message', heard);
  });
}

// bytes are those of a piece, fetched unless they lie here still.
async function bytes(h) {
  if (h.made.bytes > MOST) throw new Error(`${size(h.made.bytes)} are too much to hand over: download the piece, or start tracekit open --perfetto, which lets the viewer fetch it`);
  if (!h.buffer) {
    let answer;
    try { answer = await ask(h.made.url); } catch (error) { held = null; throw error; }
    h.buffer = await answer.arrayBuffer();
  }
  return h.buffer;
}

// hand gives a piece to the viewer in a window, unless giveUp says otherwise before. The buffer
// leaves for there.
async function hand(win, piece, giveUp = new AbortController()) {
  let h, buffer;
  try {
    [h] = await Promise.all([piece, listens(win, giveUp.signal)]);
    buffer = await bytes(h);
    giveUp.signal.throwIfAborted();
  } finally { giveUp.abort(); }
  if (win.closed) throw new Error('the window was closed');
  h.buffer = null;
  win.postMessage({perfetto: {buffer, title: title(), fileName: h.made.name}}, live.viewer.origin, [buffer]);
  const asks = TRUSTED.includes(location.hostname) ? '' : ', which asks there whether to open it';
  say(noted(`handed ${size(h.made.bytes)} to ${live.viewer.host}${asks}`, h.made));
  document.documentElement.dataset.handed = (Number(document.documentElement.dataset.handed) || 0) + 1;
}

// openViewer is what the button does. The window has to be opened in the click.
async function openViewer() {
  try {
    if (!live.viewer.shakes) {
      window.open(live.viewer.address);
      await download();
      say(`${live.viewer.host} takes traces as files: drop the one that was downloaded on its page`);
      return;
    }
    const win = window.open(viewerAddress());
    const piece = make(request()).then(async h => { await bytes(h); return h; });
    if (win) { await hand(win, piece); return; }
    await piece;
    say('The browser has blocked the window. The piece is here: open the window by a click, or show it in this page.', true);
    $('second').hidden = false;
  } catch (error) { gone(error); }
}

// openHeld opens the window for the piece that lies here.
async function openHeld() {
  const win = window.open(viewerAddress());
  if (!win) return;
  try { await hand(win, make(request())); $('second').hidden = true; } catch (error) { gone(error); }
}

let within = null; // gives up what is on its way into this page

// openInside shows the viewer within this page, which takes no click.
async function openInside() {
  $('frame').hidden = false;
  const frame = $('frame').querySelector('iframe');
  frame.src = viewerAddress(true);
  within = new AbortController();
  try { await hand(frame.contentWindow, make(request()), within); } catch (error) { gone(error); }
}

function closeInside() {
  if (within) within.abort();
  $('frame').hidden = true;
  $('frame').querySelector('iframe').removeAttribute('src');
}

// straight hands a piece over without showing anything of the trace before.
async function straight() {
  document.documentElement.dataset.straight = true;
  document.title = live.straight + ' · tracekit';
  $('name').textContent = live.straight;
  if (!live.viewer.shakes) { $('perfetto').focus(); say(`${live.viewer.host} takes traces as files`); return; }
  await openInside();
}
