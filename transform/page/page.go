package page

import (
	"embed"
	"html/template"
	"io"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tracekit/internal/jsondoc"
	"tracekit/internal/perfetto"
)

//go:embed assets/page.html
var pageHTML string

//go:embed assets/page.css
var pageCSS string

// The page's script, in the order in which its parts build on one another.
//
//go:embed assets/words.js assets/chart.js assets/select.js assets/lists.js assets/live.js assets/viewer.js assets/main.js
var scripts embed.FS

// uPlot draws the axes and lines. It is under the MIT licence, which the page
// carries with it.
//
//go:embed assets/uplot.js
var uplotJS string

//go:embed assets/uplot.css
var uplotCSS string

//go:embed assets/uplot.LICENSE.txt
var uplotLicense string

var page = template.Must(template.New("page").Parse(pageHTML))

// pageJS is the whole script. Its parts share one scope of their own.
var pageJS = func() string {
	text := "'use strict';\n(() => {\n"
	for _, name := range []string{"words", "chart", "select", "lists", "live", "viewer", "main"} {
		part, err := scripts.ReadFile("assets/" + name + ".js")
		if err != nil {
			panic(err) // it is in the program
		}
		text += string(part)
	}
	return text + "})();\n"
}()

// Write writes d as one HTML page that needs nothing else: it holds bins, not
// events, and stays under 5 MB however long the trace is. All text of the trace
// is escaped by the template, or set as text by the page's script.
func Write(w io.Writer, d *Data) error {
	return page.Execute(w, map[string]any{
		"Name":    filepath.Base(d.Name),
		"CSS":     template.CSS(uplotCSS + pageCSS),
		"Plot":    template.JS(uplotJS),
		"Script":  template.JS(pageJS),
		"License": template.HTML("<!-- uPlot: " + uplotLicense + "\n-->"),
		"Data":    payload(d),
	})
}

// WriteLive writes the page for a server, which gives it its assets, and the data
// later. It holds nothing of the trace.
func WriteLive(w io.Writer) error { return page.Execute(w, map[string]any{"Live": true}) }

// Asset returns a part of the page for a server, by its path.
func Asset(path string) (kind, text string, ok bool) {
	switch path {
	case "/page.css":
		return "text/css; charset=utf-8", uplotCSS + pageCSS, true
	case "/page.js":
		return "text/javascript; charset=utf-8", pageJS, true
	case "/uplot.js":
		return "text/javascript; charset=utf-8", "/* uPlot: " + uplotLicense + "*/\n" + uplotJS, true
	}
	return "", "", false
}

// JSON returns d as the page reads it from a server.
func JSON(d *Data) ([]byte, error) { return jsondoc.Compact(payload(d)) }

// The members of the page's data are short, as there are many numbers. Times
// are ns after the trace's start, which is a string: a script's numbers could
// not hold it.
type pageData struct {
	Name     string              `json:"name"`
	Out      string              `json:"out"`
	Zero     string              `json:"zero"`
	Length   int64               `json:"length"`
	Clock    string              `json:"clock"`
	Events   int64               `json:"events"`
	Bytes    int64               `json:"bytes"`
	Packed   int64               `json:"packed"`
	Damage   string              `json:"damage"`
	Markers  string              `json:"markers"`
	Width    int64               `json:"width"`
	Origin   int64               `json:"origin"`
	Load     pageLoad            `json:"load"`
	Lanes    []pageLane          `json:"lanes"`
	Counters []pageCounter       `json:"counters"`
	Phases   []string            `json:"phases"`
	Bands    [][4]int64          `json:"bands"` // start, length, phase, steps
	Firsts   []int64             `json:"firsts"`
	Labels   []string            `json:"labels"` // of bands; empty if they are too many
	Gaps     []pageMark          `json:"gaps"`
	Compiles []pageMark          `json:"compiles"`
	Cats     []pageCategory      `json:"cats"`
	Runs     [][5]int64          `json:"runs"` // of steps of one phase: start, length, phase, steps, first
	Requests []pageRequest       `json:"requests"`
	Inferred bool                `json:"inferred,omitempty"` // requests are
	Pins     []string            `json:"pins"`
	Asked    *pageMark           `json:"asked,omitempty"`
	Tables   []Table             `json:"tables,omitempty"`
	Flags    map[string][]string `json:"flags,omitempty"` // of verbs in commands
	Strip    []string            `json:"strip,omitempty"` // ticked at first
	Launched bool                `json:"launched,omitempty"`
	Tab      int64               `json:"tab"` // bytes of JSON that a tab of a browser holds
}

type pageLoad struct {
	Events      []int64 `json:"e"`
	Bytes       []int64 `json:"b"`
	OpenEvents  []int64 `json:"oe"`
	OpenBytes   []int64 `json:"ob"`
	FixedEvents int64   `json:"fe"`
	FixedBytes  int64   `json:"fb"`
	Clipped     int64   `json:"clip"`
	Points      []int64 `json:"p"` // of flows
	First       []int64 `json:"p1"`
	Last        []int64 `json:"p2"`
	PointSize   float64 `json:"ps"`
}

type pageLane struct {
	Process string  `json:"p"`
	Name    string  `json:"n"`
	Kind    string  `json:"k"`
	Total   int64   `json:"t"`
	Events  []int64 `json:"e"`
	Busy    []int64 `json:"b"`
}

type pageCounter struct {
	Name string   `json:"n"`
	Low  []number `json:"l"`
	High []number `json:"h"`
}

type pageMark struct {
	Start  int64  `json:"s"`
	Length int64  `json:"d"`
	Label  string `json:"l,omitempty"`
}

type pageCategory struct {
	Phase  string `json:"ph"`
	Cat    string `json:"n"`
	Events int64  `json:"e"`
	Bytes  int64  `json:"b"`
	Busy   int64  `json:"d"`
	// What strip takes it for, and by bin the events that begin and their bytes.
	Kind      string  `json:"k,omitempty"`
	BinEvents []int64 `json:"be,omitempty"`
	BinBytes  []int64 `json:"bb,omitempty"`
}

// pageRequest is a request, with the numbers of the steps that it shared, both included.
type pageRequest struct {
	pageMark
	First int `json:"f"`
	Last  int `json:"z"`
}

// number is a value with the few digits that a line on a screen can show.
type number struct{ *float64 }

func (n number) MarshalJSON() ([]byte, error) {
	if n.float64 == nil {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, *n.float64, 'g', 5, 64), nil
}

// Bounds of text on a page.
const (
	longestName   = 120
	labelledBands = 8000
	shownCats     = 24
	since2001     = 1e18 // ns: larger times count from 1970
)

func payload(d *Data) *pageData {
	p := &pageData{
		Name: d.Name, Out: OutName(d.Name), Zero: strconv.FormatInt(int64(d.Zero), 10), Length: int64(d.Last - d.Zero),
		Clock: d.clock(), Events: d.Events, Bytes: d.Bytes, Packed: d.Packed, Damage: d.Damage.String(), Markers: limited(d.Markers, 400),
		Lanes: []pageLane{}, Counters: []pageCounter{}, Phases: []string{}, Bands: [][4]int64{}, Firsts: []int64{}, Labels: []string{},
		Gaps: d.marks(d.Gaps), Compiles: d.marks(d.Compiles), Cats: []pageCategory{},
		Runs: [][5]int64{}, Requests: []pageRequest{}, Pins: []string{}, Tables: d.Tables, Flags: d.Flags, Strip: d.Strip, Launched: d.Launched, Tab: perfetto.TabBytes,
	}
	if d.Asked != nil {
		p.Asked = &d.marks([]Mark{*d.Asked})[0]
	}
	p.Pins = append(p.Pins, d.Pins...)
	p.load(d)
	p.bands(d)
	for i := range d.Lanes {
		l := &d.Lanes[i]
		p.Lanes = append(p.Lanes, pageLane{limited(l.Process, longestName), limited(l.Name, longestName), l.Kind, l.Total, l.Events, l.Busy})
	}
	for _, c := range d.Counters {
		s := pageCounter{Name: limited(c.Name, longestName)}
		for i := range c.Low {
			s.Low, s.High = append(s.Low, number{c.Low[i]}), append(s.High, number{c.High[i]})
		}
		p.Counters = append(p.Counters, s)
	}
	for i, c := range d.Categories {
		if i < shownCats {
			p.Cats = append(p.Cats, d.category(&c))
		}
	}
	return p
}

func (p *pageData) load(d *Data) {
	from, to := d.bins()
	p.Width = int64(d.scale.width())
	p.Origin = int64(d.scale.start(from) - d.Zero)
	p.Load = pageLoad{
		d.load.events[from:to], d.load.bytes[from:to], d.load.openEvents[from:to], d.load.openBytes[from:to],
		d.load.fixedEvents, d.load.fixedBytes, clipped,
		d.load.whole.points[from:to], d.load.whole.first[from:to], d.load.whole.last[from:to], d.load.whole.size,
	}
}

func (d *Data) category(c *Category) pageCategory {
	p := pageCategory{Phase: c.Phase, Cat: limited(c.Cat, longestName), Events: c.Events, Bytes: c.Bytes, Busy: int64(c.Busy), Kind: c.kind()}
	if from, to := d.bins(); c.events != nil {
		p.BinEvents, p.BinBytes = c.events[from:to], c.bytes[from:to]
	}
	return p
}

func (p *pageData) bands(d *Data) {
	numbers := map[string]int64{}
	number := func(phase string) int64 {
		n, ok := numbers[phase]
		if !ok {
			n = int64(len(p.Phases))
			numbers[phase] = n
			p.Phases = append(p.Phases, phase)
		}
		return n
	}
	for i := range d.Phases {
		b := &d.Phases[i]
		p.Runs = append(p.Runs, [5]int64{int64(b.Start - d.Zero), int64(b.End - b.Start), number(b.Phase), int64(b.Steps), b.First})
	}
	for i := range d.Requests {
		r := &d.Requests[i]
		p.Inferred = r.Inferred()
		p.Requests = append(p.Requests, pageRequest{pageMark{int64(r.Start - d.Zero), int64(r.End - r.Start), limited(r.ID, longestName)}, r.FirstStep, r.LastStep})
	}
	for i := range d.Bands {
		b := &d.Bands[i]
		p.Bands = append(p.Bands, [4]int64{int64(b.Start - d.Zero), int64(b.End - b.Start), number(b.Phase), int64(b.Steps)})
		p.Firsts = append(p.Firsts, b.First)
		if len(d.Bands) <= labelledBands {
			p.Labels = append(p.Labels, limited(b.Label, longestName))
		}
	}
}

func (d *Data) marks(all []Mark) []pageMark {
	list := []pageMark{}
	for _, m := range all {
		list = append(list, pageMark{int64(m.Start - d.Zero), int64(m.End - m.Start), limited(m.Label, longestName)})
	}
	return list
}

// clock is the time of day at which the trace starts, empty if it does not tell.
func (d *Data) clock() string {
	if d.Base == 0 && d.Zero < since2001 || d.Last <= d.Zero {
		return ""
	}
	return time.Unix(0, d.Base+int64(d.Zero)).UTC().Format(time.RFC3339Nano)
}

// limited is s, cut after some characters.
func limited(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// PathName is name as the last part of an address's path.
func PathName(name string) string { return url.PathEscape(name) }

// OutName is a name for a slice of the trace called name.
func OutName(name string) string {
	base := filepath.Base(name)
	for _, end := range []string{".gz", ".zst", ".json", ".trace", ".pt"} {
		base = strings.TrimSuffix(base, end)
	}
	if base == "" || base == "." || base == "/" || base == "-" {
		base = "trace"
	}
	return base + ".slice.json.gz"
}
