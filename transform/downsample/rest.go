package downsample

import (
	"bytes"
	"math"
	"slices"

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

// restShare is the part of a size that names may take which only the last run of a thread
// lists. Where a resolution is no coarser than a column of the picture, they take what they do.
const restShare = 0.1

// restRoom is how many bytes the names of the line at hand may take, by its part of all slices.
func (d *decision) restRoom() int {
	if d.o.TargetSize == 0 || d.at.width() <= max(int64(d.survey.Last-d.survey.Zero), 1)/pictureColumns {
		return math.MaxInt
	}
	part := float64(d.rest.slices) / float64(max(d.survey.Events, 1))
	return int(restShare * part * float64(d.o.TargetSize))
}

// rest is the names that runs of the line at hand do not list. The last run of the line does,
// so that what each name had is known of the whole thread.
type rest struct {
	names  map[string]*merged.Name
	slices int64  // that are merged on the line
	held   []byte // the text of the latest run
	after  []byte // texts that follow it
	key    []byte
}

// add takes names that a run does not list.
func (r *rest) add(names []merged.Name) {
	if r.names == nil {
		r.names = map[string]*merged.Name{}
	}
	for i := range names {
		n := &names[i]
		r.key = append(append(append(r.key[:0], n.Name...), 0), n.Cat...)
		if all := r.names[string(r.key)]; all != nil {
			all.Add(n)
		} else {
			own := *n
			r.names[string(r.key)] = &own
		}
	}
}

// take returns the names in order, the busiest of them if all take more than room, and
// forgets them.
func (r *rest) take(room int) []merged.Name {
	of := merged.Slices{Names: make([]merged.Name, 0, len(r.names))}
	for _, n := range r.names {
		of.Names = append(of.Names, *n)
	}
	clear(r.names)
	of.Sort()
	all := of.Names
	for i := range all {
		if room -= len(all[i].Name) + len(all[i].Cat) + namedBytes; room < 0 {
			all = all[:i]
			break
		}
	}
	slices.SortFunc(all, func(a, b merged.Name) int {
		if c := bytes.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return bytes.Compare(a.Cat, b.Cat)
	})
	return all
}

// hold puts a run behind the one that is held, which is written.
func (d *decision) hold(text, after []byte) {
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
	if len(d.rest.names) > 0 && len(d.rest.held) > 0 {
		text := d.rest.held[:len(d.rest.held)-len("}}")]
		if names := d.rest.take(d.restRoom()); len(names) > 0 {
			text = merged.AppendRest(text, names)
		}
		text = append(text, "}}"...)
		d.merged.bytes += int64(len(text) - len(d.rest.held))
		d.rest.held = text
	}
	d.release()
	d.rest.slices = 0
}
