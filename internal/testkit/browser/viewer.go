package browser

import (
	_ "embed"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// viewerJS is the script of the stand-in for Perfetto's page. What it does, and in which order,
// is that of the page's source, v58: ui/src/frontend/index.ts (content policy, the probe
// for a trace processor, when it begins to listen), post_message_handler.ts, trace_url_handler.ts,
// ui/src/trace_processor/http_rpc_engine.ts, ui/src/core/router.ts, load_trace.ts and
// startup_command_allowlist.ts.
//
//go:embed viewer.js
var viewerJS string

// Viewer serves, on an origin of its own, a page that takes traces as Perfetto's does. What it
// got is in its script's got; what it asked of the user, in asked, answered by answer.
func Viewer(t testing.TB) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<!doctype html><meta charset="utf-8"><title>viewer</title><p id="shown">no trace</p><script src="/viewer.js"></script>`)
		case "/viewer.js":
			w.Header().Set("Content-Type", "text/javascript")
			io.WriteString(w, viewerJS)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}
