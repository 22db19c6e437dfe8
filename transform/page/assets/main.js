// show draws data, which may be more of the same trace than there was before.
function show(data) {
  const first = !D, whole = first || view.from === 0 && view.to === end;
  const shift = first ? 0 : Number(BigInt(D.zero) - BigInt(data.zero));
  D = data;
  end = Math.max(D.length, 1);
  bins = D.load.e.length;
  fine = null;
  if (whole) { view.from = 0; view.to = end; } else { view.from += shift; view.to += shift; }
  if (selected) { selected.from = clamp(selected.from + shift, 0, end - 1); selected.to = clamp(selected.to + shift, 1, end); }
  document.title = (D.name || 'trace').split(/[\\/]/).pop() + ' · tracekit';
  $('name').textContent = D.name || 'trace';
  $('next').hidden = $('previous').hidden = !D.bands.length;
  if (D.asked && !selected) selected = {from: D.asked.s, to: D.asked.s + Math.max(1, D.asked.d)};
  if (first) preset();
  facts(); keys(); shares(); lists(); tables(); tell(); build();
}

const bindings = {
  ArrowLeft: e => nudge(-1, e.shiftKey), ArrowRight: e => nudge(1, e.shiftKey),
  n: () => step(1), p: () => step(-1),
  '+': () => zoom(.5), '=': () => zoom(.5), '-': () => zoom(2),
  z: () => selected && look(selected.from, selected.to), 0: () => look(0, end),
  Enter: () => live ? openViewer() : copy(), Escape: () => select(null),
};
$('time').addEventListener('keydown', e => {
  const act = D && bindings[e.key];
  if (!act || e.ctrlKey || e.metaKey || e.altKey) return;
  e.preventDefault();
  act(e);
});
for (const id of ['from', 'to']) {
  $(id).addEventListener('change', () => {
    const from = $('from').value.trim() ? typed($('from').value) : 0, to = $('to').value.trim() ? typed($('to').value) : end;
    $('from').setCustomValidity(Number.isNaN(from) ? 'a time such as 1.5s, 250ms or 40us' : '');
    $('to').setCustomValidity(Number.isNaN(to) ? 'a time such as 1.5s, 250ms or 40us' : to > from ? '' : 'the end lies before the start');
    if (to > from) choose(from, to);
  });
  $(id).addEventListener('blur', () => D && tell());
}
for (const id of ['python', 'hardware', 'launched', 'thin', 'target']) $(id).addEventListener('change', () => D && tell());
$('copy').onclick = copy;
$('clear').onclick = () => select(null);
$('zoom').onclick = bindings.z;
$('all').onclick = bindings[0];
$('next').onclick = () => step(1);
$('previous').onclick = () => step(-1);
$('which').onchange = listInView;
$('list').onkeydown = $('hits').onkeydown = walk;
$('perfetto').onclick = openViewer;
$('download').onclick = download;
$('cancel').onclick = () => cutting && cutting.abort();
$('window').onclick = openHeld;
$('inside').onclick = openInside;
$('close').onclick = closeInside;
$('apart').onclick = openHeld;
$('search').onsubmit = search;
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => D && build());
let wide = $('charts').clientWidth;
new ResizeObserver(() => {
  if ($('charts').clientWidth !== wide) { wide = $('charts').clientWidth; if (D) build(); }
}).observe($('charts'));

// Another address of the same page, such as that of a server that was started anew.
addEventListener('hashchange', () => { if (!$('data') && location.hash.length > 1) location.reload(); });

if ($('data')) show(JSON.parse($('data').textContent));
else beginLive().catch(error => { $('progress').hidden = true; say(error.message, true); document.documentElement.dataset.failed = true; });
