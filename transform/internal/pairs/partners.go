package pairs

import (
	"tracekit/trace"
)

// Partner is what is known of a begin.
type Partner struct {
	Start   trace.Time
	Stop    trace.Time
	End     int32  // ordinal of its end, -1 if it has none
	trackIs uint32 // the track of its end, and in the lowest bits what it is
}

func newPartner(start, stop trace.Time, end int, track int32, is Role) Partner {
	return Partner{start, stop, int32(end), uint32(track)<<roleBits | uint32(is)}
}

// Track is that of its end.
func (p *Partner) Track() int { return int(p.trackIs >> roleBits) }

// Is is what it is.
func (p *Partner) Is() Role { return Role(p.trackIs & (1<<roleBits - 1)) }

// noPartner stands for what has no time: it lies nowhere.
var NoPartner = Partner{End: -1, Start: trace.MaxTime, Stop: trace.MinTime}

type Role uint8

const (
	IsEnd Role = iota // of a pair; decided with its begin
	IsBegin
	IsAsync // a begin, but not of a slice on a track
	IsLone  // an end without a begin

	roleBits = 2
)

// PartnerHandler notes who belongs to whom on a line.
type PartnerHandler struct {
	Of *[]Partner // by ordinal
	Is Role
}

func (l *PartnerHandler) set(m Mark, p Partner) {
	for len(*l.Of) <= m.Ordinal() {
		*l.Of = append(*l.Of, NoPartner)
	}
	(*l.Of)[m.Ordinal()] = p
}

func (l *PartnerHandler) Pair(b, e Mark) {
	l.set(b, newPartner(b.TS, e.TS, e.Ordinal(), e.Track, l.Is))
	l.set(e, newPartner(b.TS, e.TS, -1, e.Track, IsEnd))
}

func (l *PartnerHandler) OpenBegin(b Mark) {
	l.set(b, newPartner(b.TS, trace.MaxTime, -1, b.Track, l.Is))
}

func (l *PartnerHandler) LoneEnd(e Mark) {
	l.set(e, newPartner(e.TS, e.TS, -1, e.Track, IsLone))
}

func (l *PartnerHandler) Done() {}
