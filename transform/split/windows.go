package split

import (
	"fmt"

	"tracekit/trace"
	"tracekit/transform/slice"
	"tracekit/transform/window"
)

// plan finds the windows of the pieces, and lists what the manifest tells of
// them beforehand.
func (p *pieces) plan(d *density) ([]slice.Window, error) {
	v := p.survey
	whole := slice.Window{From: v.Zero, To: v.Last.Add(1)}
	var windows []slice.Window
	switch p.By {
	case Time:
		if n := int64(v.Last-v.Zero)/int64(p.Time) + 1; n > int64(p.MaxPieces) {
			return nil, &TooManyError{n, p.MaxPieces}
		}
		windows = every(p.Time, whole)
	case Step, Phase, Request:
		by := p.byStep
		if p.By == Request {
			by = p.byRequest
		}
		windows, err := by(whole)
		if err != nil {
			return nil, err
		}
		return windows, p.enough(windows)
	case Size, Events:
		var err error
		if windows, err = p.measured(d, whole); err != nil {
			return nil, err
		}
	case Process:
		for _, pid := range p.tracks.Processes {
			windows = append(windows, whole)
			p.add(Piece{Kind: "process", Label: trace.Unquote([]byte(pid))}, whole)
		}
		return windows, p.enough(windows)
	default:
		return nil, fmt.Errorf("no way to split by %q", p.By)
	}
	if err := p.enough(windows); err != nil {
		return nil, err
	}
	for i, w := range windows {
		p.add(Piece{Kind: string(p.By), Label: fmt.Sprintf("%d of %d", i+1, len(windows))}, w)
	}
	return windows, nil
}

// enough fails if there are more pieces than there may be.
func (p *pieces) enough(windows []slice.Window) error {
	if len(windows) > p.MaxPieces {
		return &TooManyError{int64(len(windows)), p.MaxPieces}
	}
	return nil
}

// measured finds windows of a size or number of events, and says so where much of that
// is the same in all of them.
func (p *pieces) measured(d *density, whole slice.Window) ([]slice.Window, error) {
	target, u := p.Size, inBytes
	if p.By == Events {
		target, u = p.Events, inEvents
	}
	p.router.MatchPairs()
	tracks := &p.router.shape.Tracks
	for i := range tracks.All {
		d.names.processOf = append(d.names.processOf, tracks.All[i].Process)
	}
	d.pair(p.router.shape.Partners)
	d.counters(p.router.samples)
	windows, load, err := d.cut(whole, target, u)
	if err != nil {
		return nil, err
	}
	if load.mean() > target/10 {
		p.manifest.Carried = load.mean()
	}
	return windows, nil
}

// every divides a window into parts of a length.
func every(length trace.Time, whole slice.Window) (windows []slice.Window) {
	from := whole.From
	for end := from.Add(length); from < whole.To; end = end.Add(length) {
		to := whole.To
		if end < whole.To {
			to = window.Readable(end)
		}
		if to > from {
			windows = append(windows, slice.Window{From: from, To: to})
			from = to
		}
	}
	return windows
}

func (p *pieces) add(m Piece, w slice.Window) {
	m.Index = len(p.manifest.Pieces)
	if m.Steps == nil {
		m.hostEnd = w.To
	}
	m.Start, m.End = micros(w.From), micros(w.To)
	p.manifest.Pieces = append(p.manifest.Pieces, m)
}
