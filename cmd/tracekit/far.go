package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"tracekit/internal/natural"
	"tracekit/internal/remote"
	"tracekit/internal/spill"
	"tracekit/internal/term"
	"tracekit/trace"

	"github.com/urfave/cli/v2"
)

// network is what a run reads from far away. Runs within a run share what was reached.
type network struct {
	*reached
	only *string // the one address that may be read; nil if any may

	mutex sync.Mutex
	read  []fetched
}

// reached is what all runs within one have in common.
type reached struct {
	mutex  sync.Mutex
	client *remote.Client // nil until something far away is named
	ranged map[string]*remote.Ranged
	copies map[string]*spill.File    // of whole objects
	peeked map[string]*remote.Object // whose first bytes were looked at, for who opens them next
	listed map[string]remote.Listed
}

// fetched is an object, and how much of it had come before.
type fetched struct {
	*remote.Object
	before int64
	index  bool
}

func newNetwork() *network {
	return &network{reached: &reached{ranged: map[string]*remote.Ranged{}, copies: map[string]*spill.File{}, peeked: map[string]*remote.Object{}, listed: map[string]remote.Listed{}}}
}

// within is the network of a run within this one.
func (n *network) within() *network { return &network{reached: n.reached, only: n.only} }

// alone is the network of a run within this one that reads one address, whatever it is asked for.
func (n *network) alone(name string) *network { return &network{reached: n.reached, only: &name} }

// Close lets go of all that was reached.
func (n *network) Close() {
	n.reached.mutex.Lock()
	defer n.reached.mutex.Unlock()
	for _, r := range n.ranged {
		r.Close()
	}
	for _, f := range n.copies {
		f.Close()
	}
	for _, o := range n.peeked {
		o.Close()
	}
	if n.client != nil {
		n.client.Close()
	}
}

// indexVerbs read only what they need of an input that has an index.
var indexVerbs = []string{"slice", "filter", "downsample", "split", "report", "open"}

// reachFar gives a verb that reads traces the flags for those that are far away, and lets it say
// how much of them it has fetched.
func reachFar(c *cli.Command, std streams) {
	if !readsTraces(c) {
		return
	}
	if slices.Contains(indexVerbs, c.Name) {
		c.Flags = append(c.Flags, &cli.StringFlag{Name: "index", Usage: "use the seek index `FILE`, which may be a URL (default: the name of the input and " + indexSuffix + ")"})
	}
	c.Flags = append(c.Flags,
		&cli.StringFlag{Name: "s3-endpoint", Usage: "read s3://BUCKET/KEY from the server at `URL` instead of AWS"},
		&cli.BoolFlag{Name: "offline", Usage: "refuse inputs at http://, https:// and s3://"},
	)
	action := c.Action
	c.Action = func(c *cli.Context) error {
		err := action(c)
		if line := std.net.line(); line != "" && !c.Bool("quiet") && (err == nil || errors.As(err, new(damagedError))) {
			fmt.Fprintln(std.err, line)
		}
		return err
	}
}

// line says how much was fetched of how much; empty if nothing was.
func (n *network) line() string {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	var came, of int64
	for _, f := range n.read {
		came += f.Fetched() - f.before
		if !f.index {
			of += max(f.Size, 0)
		}
	}
	switch {
	case len(n.read) == 0:
		return ""
	case of == 0:
		return "fetched " + term.Bytes(came)
	}
	return fmt.Sprintf("fetched %s of %s", term.Bytes(came), term.Bytes(of))
}

// reach is the client for an address, which fails where it must not be read.
func (n *network) reach(c *cli.Context, name string) (*remote.Client, error) {
	switch {
	case c.Bool("offline"):
		return nil, hint(fmt.Errorf("%s: is not read: --offline forbids it", remote.Shown(name)), "copy it to this machine, and name that file")
	case n.only != nil && name != *n.only:
		return nil, fmt.Errorf("%s: is not the trace that is open", remote.Shown(name))
	}
	n.reached.mutex.Lock()
	defer n.reached.mutex.Unlock()
	if n.client == nil {
		client, err := remote.NewClient(remote.Options{Endpoint: c.String("s3-endpoint")})
		if err != nil {
			return nil, farError("--s3-endpoint", err)
		}
		n.client = client
	}
	return n.client, nil
}

// open looks for an object.
func (n *network) open(c *cli.Context, name string, isIndex bool) (*remote.Object, error) {
	client, err := n.reach(c, name)
	if err != nil {
		return nil, err
	}
	n.reached.mutex.Lock()
	o := n.peeked[name]
	delete(n.peeked, name)
	n.reached.mutex.Unlock()
	if o != nil {
		return o, nil
	}
	if o, err = client.Open(c.Context, name); err != nil {
		return nil, farError(remote.Shown(name), err)
	}
	n.noteObject(o, 0, isIndex)
	return o, nil
}

// peek returns the first bytes of an object.
func (n *network) peek(c *cli.Context, name string) ([]byte, error) {
	o, err := n.open(c, name, false)
	if err != nil {
		return nil, err
	}
	n.reached.mutex.Lock()
	n.peeked[name] = o
	n.reached.mutex.Unlock()
	head, err := o.Head()
	return head, farError(remote.Shown(name), err)
}

func (n *network) noteObject(o *remote.Object, before int64, isIndex bool) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.read = append(n.read, fetched{o, before, isIndex})
}

// text reads a file that is not a trace, wherever it is.
func (n *network) text(c *cli.Context, name string) (io.ReadCloser, error) {
	o, err := n.open(c, name, true)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{farText{o.Stream(c.Context), name}, closer(o.Close)}, nil
}

type closer func()

func (c closer) Close() error {
	c()
	return nil
}

// farText names the object in errors.
type farText struct {
	io.Reader
	name string
}

func (t farText) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = farError(remote.Shown(t.name), err)
	}
	return n, err
}

// list returns the addresses that a prefix or a pattern of a bucket names, traces alone if it
// is a prefix.
func (n *network) list(c *cli.Context, name string) (names []string, err error) {
	client, err := n.reach(c, name)
	if err != nil {
		return nil, err
	}
	if !remote.IsPrefix(name) && !remote.IsPattern(name) {
		return []string{name}, nil
	}
	all, err := client.List(c.Context, name)
	if err != nil {
		return nil, farError(name, err)
	}
	n.reached.mutex.Lock()
	defer n.reached.mutex.Unlock()
	for _, o := range all {
		if remote.IsPattern(name) || isTraceName(remote.Base(o.Name)) {
			names = append(names, o.Name)
			n.listed[o.Name] = o
		}
	}
	slices.SortFunc(names, natural.Compare)
	switch {
	case len(names) > 0:
		return names, nil
	case remote.IsPattern(name):
		return nil, hint(fmt.Errorf("%s: no object has such a name", name), "is the pattern right?")
	}
	return nil, hint(fmt.Errorf("%s: no trace is there", name), "their names would end in %s", strings.Join(traceEndings, ", "))
}

// writtenAt is when an object was written.
func (n *network) writtenAt(c *cli.Context, name string) (at time.Time, known bool) {
	n.reached.mutex.Lock()
	listed, known := n.listed[name]
	n.reached.mutex.Unlock()
	if known {
		return listed.Modified, true
	}
	o, err := n.open(c, name, true)
	if err != nil {
		return at, false
	}
	o.Close()
	return o.Modified, !o.Modified.IsZero()
}

// sizeOf is how large a file is, 0 if nothing says so without a request of its own.
func (n *network) sizeOf(name string) int64 {
	if remote.Is(name) {
		n.reached.mutex.Lock()
		defer n.reached.mutex.Unlock()
		return n.listed[name].Size
	}
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}

// farError names an object in the error of reading it, and adds what to do about it.
func farError(name string, err error) error {
	var e *remote.Error
	if !errors.As(err, &e) {
		return err
	}
	err = fmt.Errorf("%s: %w", name, err)
	if e.Hint != "" {
		return hint(err, "%s", e.Hint)
	}
	return err
}

// farFile is an input that is far away.
type farFile struct {
	*remote.Object
	ctx    context.Context
	tmpdir string
	meter  *term.Meter
	ranged *remote.Ranged // nil unless it is read by ranges
	opened []io.Closer
	index  *trace.Index // that fits, nil if there is none
}

// Stream implements trace.Far.
func (f *farFile) Stream() io.Reader {
	s := f.Object.Stream(f.ctx)
	f.opened = append(f.opened, s)
	return f.meter.Reader(s)
}

// Foresee implements trace.Far.
func (f *farFile) Foresee(stretches []trace.Stretch) {
	far := make([]remote.Stretch, len(stretches))
	for i, s := range stretches {
		far[i] = remote.Stretch(s)
	}
	f.ranged.Foresee(far)
}

// Close ends what is read. What was fetched by ranges is kept for others of the run.
func (f *farFile) Close() {
	for _, o := range f.opened {
		o.Close()
	}
	f.Object.Close()
}

// openFar opens an input that is far away, to be read as one stream.
func openFar(c *cli.Context, std streams, name string) (*input, error) {
	in := &input{name: remote.Shown(name), arg: name, size: -1, places: std.places, net: std.net}
	std.net.reached.mutex.Lock()
	kept, shared := std.net.copies[name], std.net.ranged[name]
	std.net.reached.mutex.Unlock()
	if kept != nil {
		in.size = kept.Size()
		in.meter = std.meter(c, in.size)
		in.r = in.meter.ReaderAt(kept, in.size)
		return in, nil
	}
	var o *remote.Object
	var err error
	if shared != nil {
		if _, err = std.net.reach(c, name); err != nil {
			return nil, err
		}
		o = shared.Object
		std.net.noteObject(o, o.Fetched(), false)
	} else if o, err = std.net.open(c, name, false); err != nil {
		return nil, err
	}
	in.meter = std.meter(c, o.Size)
	in.far = &farFile{Object: o, ctx: c.Context, tmpdir: c.String("tmpdir"), meter: in.meter, ranged: shared}
	in.r = in.far.Stream()
	return in, nil
}

// approach decides how a far input is read, by what the verb does with it: by ranges where
// there is an index or will be one, as a copy where a file is needed, else as one stream.
func (in *input) approach(c *cli.Context, std streams) error {
	o, h := in.far.Object, in.how
	if h.usesIndex(c) && std.index == nil && c.IsSet("index") && !o.Ranges {
		return hint(fmt.Errorf("--index is of no use for %s: its server gives no parts of a file", in.name), "leave it out")
	}
	if h.usesIndex(c) && std.index == nil && o.Ranges {
		var err error
		if in.far.index, err = in.findIndex(c, std); err != nil {
			return err
		}
	}
	zipped := in.isZip()
	switch {
	case o.Ranges && (in.far.index != nil || std.index != nil && h.twice || zipped || h.index && o.Tag != ""):
		return in.byRanges()
	case h.file || zipped || h.index && !h.again:
		return in.copy(c)
	}
	return nil
}

// isZip reports whether the input is an archive, whose list of contents stands at the end.
func (in *input) isZip() bool {
	head := make([]byte, 4)
	n, _ := io.ReadFull(in.r, head) // an error comes again
	in.r = io.MultiReader(strings.NewReader(string(head[:n])), in.r)
	return string(head[:n]) == "PK\x03\x04"
}

// byRanges lets the input be read from anywhere.
func (in *input) byRanges() error {
	f, n := in.far, in.net
	if f.ranged == nil {
		file, err := spill.Create(f.tmpdir)
		if err != nil {
			return err
		}
		n.reached.mutex.Lock()
		defer n.reached.mutex.Unlock()
		if f.ranged, err = f.Object.Ranged(f.ctx, file); err != nil {
			file.Close()
			return err
		}
		n.ranged[in.arg] = f.ranged
	}
	in.size = f.Size
	in.r = in.meter.ReaderAt(f.ranged, in.size)
	return nil
}

// copy fetches all of the input into a temporary file, which others of the run read too.
func (in *input) copy(c *cli.Context) error {
	file, err := spill.Create(c.String("tmpdir"))
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, in.r); err != nil {
		file.Close()
		return in.wrap(err)
	}
	in.net.reached.mutex.Lock()
	in.net.copies[in.arg] = file
	in.net.reached.mutex.Unlock()
	in.size = file.Size()
	in.r = io.NewSectionReader(file, 0, in.size)
	return nil
}
