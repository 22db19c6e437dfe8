package downsample

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"tracekit/trace"
	"tracekit/transform/internal/merged"
)

// Where a size is asked for, a run lists no more names, and no more than fit into so many
// bytes, but for the first.
const (
	listed      = 6
	listedBytes = 300
)

// listed is how many of the names a run lists.
func (o *Options) listed(names []merged.Name) int {
	if o.TargetSize == 0 {
		return len(names)
	}
	room := listedBytes
	for i := range names {
		if room -= len(names[i].Name) + namedBytes; i > 0 && room < 0 || i == listed {
			return i
		}
	}
	return len(names)
}

// restShare is the part of a size that names may take at first which only the last run of a
// thread lists; what a resolution leaves of the size is theirs as well. Where it is no coarser
// than a column of the picture, they take what they do.
const restShare = 0.1

// restRoom is how many bytes the names of the line at hand may take, by its part of all slices.
func (d *decision) restRoom() int {
	if d.o.TargetSize == 0 || d.at.grain <= d.column() {
		return math.MaxInt
	}
	part := float64(d.rest.slices) / float64(max(d.survey.Events, 1))
	return int(d.at.names * part * float64(d.o.TargetSize))
}

// column is the coarsest grain at which a resolution is no coarser than a column of the picture.
func (p *plan) column() grain {
	return shorterThan(max(int64(p.survey.Last-p.survey.Zero), 1)/pictureColumns+1) - 1
}

// rest is the names that runs of the line at hand do not list. The last run of the line does,
// so that what each name had is known of the whole thread.
type rest struct {
	names  map[label]restSum
	bytes  int    // that the names take
	slices int64  // that are merged on the line, since the names were written last
	held   []byte // the text of the latest run
	after  []byte // texts that follow it
}

type restSum struct {
	count             int64
	busy, self, total trace.Time
}

// add takes names that a run does not list.
func (r *rest) add(names []merged.Name) {
	if r.names == nil {
		r.names = map[label]restSum{}
	}
	for i := range names {
		n := &names[i]
		s, known := r.names[label(n.ID)]
		if !known {
			r.bytes += len(n.Name) + len(n.Cat) + namedBytes
		}
		r.names[label(n.ID)] = restSum{s.count + n.Count, s.busy.Add(n.Busy), s.self.Add(n.Self), s.total.Add(n.Total)}
	}
}

// take appends the names, the busiest of them if all take more than room, and forgets them.
func (r *rest) take(dst []byte, room int, texts []string) []byte {
	all := make([]label, 0, len(r.names))
	for k := range r.names {
		all = append(all, k)
	}
	byName := func(a, b label) int {
		return cmp.Or(strings.Compare(texts[a.name()], texts[b.name()]), strings.Compare(texts[a.cat()], texts[b.cat()]))
	}
	slices.SortFunc(all, func(a, b label) int { return cmp.Or(cmp.Compare(r.names[b].busy, r.names[a].busy), byName(a, b)) })
	for i, k := range all {
		if room -= len(texts[k.name()]) + len(texts[k.cat()]) + namedBytes; room < 0 {
			all = all[:i]
			break
		}
	}
	slices.SortFunc(all, byName)
	if len(all) > 0 {
		dst = merged.AppendRest(dst, func(yield func(*merged.Name) bool) {
			for _, k := range all {
				s := r.names[k]
				if !yield(&merged.Name{Name: []byte(texts[k.name()]), Cat: []byte(texts[k.cat()]), Count: s.count, Busy: s.busy, Self: s.self, Total: s.total}) {
					return
				}
			}
		})
	}
	clear(r.names)
	r.bytes, r.slices = 0, 0
	return dst
}

// mostRest is how many bytes names take before a run says them that is not the last one.
const mostRest = 1 << 20

// hold puts a run behind the one that is held, which is written.
func (d *decision) hold(text, after []byte) {
	if d.rest.bytes > mostRest {
		d.sayRest()
	}
	d.release()
	d.rest.held, d.rest.after = append(d.rest.held[:0], text...), append(d.rest.after[:0], after...)
}

// release writes the run that is held.
func (d *decision) release() {
	if len(d.rest.held)+len(d.rest.after) > 0 && d.failure == nil {
		d.framed = append(appendText(d.framed[:0], d.rest.held), d.rest.after...)
		_, d.failure = d.written.Write(d.framed)
	}
	d.rest.held, d.rest.after = d.rest.held[:0], d.rest.after[:0]
}

// finishRest has the last run of a line say what those before it do not list.
func (d *decision) finishRest() {
	d.sayRest()
	d.release()
	d.rest.slices = 0
}

// sayRest has the run that is held say what those before it, and itself, do not list.
func (d *decision) sayRest() {
	if len(d.rest.names) > 0 && len(d.rest.held) > 0 {
		text := d.rest.held[:len(d.rest.held)-len("}}")]
		text = append(d.rest.take(text, d.restRoom(), d.texts.all), "}}"...)
		added := int64(len(text) - len(d.rest.held))
		d.merged.bytes += added
		d.namesBytes += added
		d.rest.held = text
	}
}
