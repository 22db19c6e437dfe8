package open

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// Perfetto is the address of Perfetto's own page.
const Perfetto = "https://ui.perfetto.dev"

// Viewer is a page that shows traces.
type Viewer struct {
	Address string `json:"address"` // without what belongs to one trace
	Origin  string `json:"origin"`
	Host    string `json:"host"`
	// Shakes says that it takes a trace by Perfetto's messages, as any page does that is made
	// of Perfetto's source.
	Shakes bool `json:"shakes"`
}

// unlike are hosts of viewers of which it is not known how they take a trace from
// another page.
var unlike = []string{"perfetto.habana.ai"}

// plainHost is a host that may stand in a content policy.
var plainHost = regexp.MustCompile(`^[\w.:\[\]-]+$`)

// ParseViewer reads the address of a viewer.
func ParseViewer(s string) (Viewer, error) {
	u, err := url.Parse(s)
	if err != nil || !plainHost.MatchString(u.Host) || u.Scheme != "https" && u.Scheme != "http" {
		return Viewer{}, errors.New("not an address such as " + Perfetto)
	}
	if u.User != nil || u.Fragment != "" {
		return Viewer{}, errors.New("an address without a user and without a part behind #")
	}
	v := Viewer{Address: strings.TrimSuffix(u.String(), "/"), Origin: u.Scheme + "://" + u.Host, Host: u.Host, Shakes: true}
	for _, host := range unlike {
		v.Shakes = v.Shakes && u.Hostname() != host
	}
	return v, nil
}
