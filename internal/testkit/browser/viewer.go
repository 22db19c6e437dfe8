package browser

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Viewer serves, on an origin of its own, a page that takes traces as Perfetto's does, as far
// as its source tells (ui/src/frontend: post_message_handler.ts, index.ts): it answers PING by
// PONG once it is complete, and that is late; it takes the first message with a buffer and a
// title, and hears nothing after that; it fetches what its address names from port 9001 of this
// machine and, by its content policy, from nowhere else. What it got is in its script's got.
func Viewer(t testing.TB) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'self' 'unsafe-inline'; connect-src 'self' https: http://127.0.0.1:9001")
		io.WriteString(w, viewerPage)
	}))
	t.Cleanup(s.Close)
	return s
}

const viewerPage = `<!doctype html><meta charset="utf-8"><title>viewer</title><p id="shown">no trace</p>
<script>
var got = null, pings = 0;
async function take(buffer, rest) {
  const sum = await crypto.subtle.digest('SHA-256', buffer);
  got = {...rest, size: buffer.byteLength, hash: location.hash, pings,
    sum: [...new Uint8Array(sum)].map(b => b.toString(16).padStart(2, '0')).join('')};
  document.getElementById('shown').textContent = got.title + ', ' + got.size + ' bytes';
}
function heard(event) {
  if (event.data === 'PING') {
    pings++;
    event.source.postMessage('PONG', '*');
    return;
  }
  const p = event.data && event.data.perfetto;
  if (!p || !(p.buffer instanceof ArrayBuffer) || typeof p.title !== 'string') return;
  removeEventListener('message', heard);
  take(p.buffer, {title: p.title, fileName: p.fileName, origin: event.origin});
}
setTimeout(() => addEventListener('message', heard), 400);
const url = new URLSearchParams(location.hash.replace(/^#!\/\?/, '')).get('url');
if (url) fetch(url).then(r => r.arrayBuffer()).then(b => take(b, {title: url}), e => { got = {error: String(e)}; });
</script>`
