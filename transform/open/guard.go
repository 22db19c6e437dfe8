package open

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
)

// TokenHeader carries the token of a request.
const TokenHeader = "X-Tracekit-Token"

// random returns text that nobody guesses, fit for an address.
func random() string {
	b := make([]byte, 24)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// guard decides which requests are answered: those of the page itself, by its
// token, and of pieces those of the viewer. A page elsewhere that makes the
// browser ask (by a form, an image, a name that resolves to this machine) is not.
type guard struct {
	token  string
	viewer string   // origin; empty for none
	hosts  []string // names that the server goes by besides loopback's
	beyond bool     // it listens beyond loopback, so that addresses count as names

	mutex sync.Mutex
	once  map[string]bool // codes that stand for the token one time
}

func newGuard(viewer, listen string) *guard {
	g := &guard{token: random(), viewer: viewer, once: map[string]bool{}}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		host = listen
	}
	if !isLoopback(host) {
		g.beyond = true
		g.hosts = append(g.hosts, host)
		if name, err := os.Hostname(); err == nil {
			g.hosts = append(g.hosts, name)
		}
	}
	return g
}

// code returns text that may be exchanged for the token once: arguments of programs,
// such as that which starts a browser, are seen by other users of a machine.
func (g *guard) code() string {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	c := random()
	g.once[c] = true
	return c
}

// exchange returns the token for a code that was not used yet, or for itself.
func (g *guard) exchange(code string) (string, bool) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.once[code] {
		delete(g.once, code)
		return g.token, true
	}
	return g.token, same(code, g.token)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}

// knows reports whether host, as a request names it, is this server. A name that
// someone else has pointed here is not. An address can't be pointed anywhere.
func (g *guard) knows(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if isLoopback(name) {
		return true
	}
	if !g.beyond {
		return false
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	for _, h := range g.hosts {
		if strings.EqualFold(name, h) {
			return true
		}
	}
	return false
}

// Whom a path is for.
type access uint8

const (
	forAnyone access = iota // the program's own page, without anything of the trace
	forPage                 // by its token
	forViewer               // a piece, by its own name that nobody guesses
)

// refuses says why a request is not answered; empty if it is.
func (g *guard) refuses(r *http.Request, a access) string {
	if !g.knows(r.Host) {
		return "the server does not go by that name"
	}
	origin := r.Header.Get("Origin")
	ours := origin == "http://"+r.Host
	if origin != "" && !ours && (a != forViewer || origin != g.viewer) {
		return "pages of that origin may not ask"
	}
	if site := r.Header.Get("Sec-Fetch-Site"); origin == "" && site != "" && site != "same-origin" && site != "none" && a != forAnyone {
		return "another page may not ask"
	}
	if a == forPage && !same(r.Header.Get(TokenHeader), g.token) {
		return "the token is missing or wrong: open the address that tracekit has printed"
	}
	return ""
}
