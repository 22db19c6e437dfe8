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
	d.settle()
	whole := slice.Window{From: v.Zero, To: v.Last.Add(1)}
	var windows []slice.Window
	switch p.By {
	case Time:
		if int64(v.Last-v.Zero)/int64(p.Time) >= maxPieces {
			return nil, ErrTooMany
		}
		windows = every(p.Time, whole)
	case Step, Phase, Request:
		by := p.byStep
		if p.By == Request {
			by = p.byRequest
		}
		windows, err := by(whole)
		if err == nil && len(windows) > maxPieces {
			err = ErrTooMany
		}
		return windows, err
	case Size:
		windows = d.cut(whole, p.Size, d.bytes)
	case Events:
		windows = d.cut(whole, p.Events, d.events)
	case Process:
		for _, pid := range p.tracks.Processes {
			windows = append(windows, whole)
			p.add(Piece{Kind: "process", Label: trace.Unquote([]byte(pid))}, whole)
		}
		return windows, nil
	default:
		return nil, fmt.Errorf("no way to split by %q", p.By)
	}
	if len(windows) > maxPieces {
		return nil, ErrTooMany
	}
	for i, w := range windows {
		p.add(Piece{Kind: string(p.By), Label: fmt.Sprintf("%d of %d", i+1, len(windows))}, w)
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
