package report

import (
	"iter"

	"tracekit/trace"
)

// pages add up times by number and cell. Those of the latest cells lie in slices: windows that
// follow each other are of few cells.
type pages struct {
	now    *page
	latest [64]page
	turns  int
	all    map[int32]*amounts // of all other cells
	sum    []trace.Time       // by number, all 0 but while a cell is added up
}

// amounts are the times of a cell by number, which repeat until they are added up.
type amounts struct {
	list  []amount
	added int // how many were left when they were added up last
}

type amount struct {
	number int32
	time   trace.Time
}

// page is the times of one cell.
type page struct {
	cell    int32
	turn    int // when it was needed last, 0 for never
	times   []trace.Time
	touched []int32
}

// turn says that what is added belongs to a cell.
func (p *pages) turn(cell int32) {
	p.turns++
	oldest := &p.latest[0]
	for i := range p.latest {
		g := &p.latest[i]
		if g.turn > 0 && g.cell == cell {
			g.turn, p.now = p.turns, g
			return
		}
		if g.turn < oldest.turn {
			oldest = g
		}
	}
	p.put(oldest)
	oldest.cell, oldest.turn, p.now = cell, p.turns, oldest
}

// put empties a page.
func (p *pages) put(g *page) {
	if len(g.touched) == 0 {
		return
	}
	a := p.all[g.cell]
	if a == nil {
		if p.all == nil {
			p.all = map[int32]*amounts{}
		}
		a = &amounts{}
		p.all[g.cell] = a
	}
	for _, n := range g.touched {
		a.list = append(a.list, amount{n, g.times[n]})
		g.times[n] = 0
	}
	g.touched = g.touched[:0]
	if len(a.list) > 2*a.added {
		p.addUp(a)
	}
}

// addUp leaves one time of each number.
func (p *pages) addUp(a *amounts) {
	once := a.list[:0]
	for _, x := range a.list {
		for int(x.number) >= len(p.sum) {
			p.sum = append(p.sum, 0)
		}
		if p.sum[x.number] == 0 {
			once = append(once, x)
		}
		p.sum[x.number] += x.time
	}
	for i := range once {
		once[i].time, p.sum[once[i].number] = p.sum[once[i].number], 0
	}
	a.list, a.added = once, len(once)
}

// add adds a time above 0.
func (p *pages) add(number int32, d trace.Time) {
	g := p.now
	for int(number) >= len(g.times) {
		g.times = append(g.times, 0)
	}
	if g.times[number] == 0 {
		g.touched = append(g.touched, number)
	}
	g.times[number] += d
}

// sums returns all times by number and cell, in no order.
func (p *pages) sums() iter.Seq2[cellKey, trace.Time] {
	for i := range p.latest {
		p.put(&p.latest[i])
	}
	return func(yield func(cellKey, trace.Time) bool) {
		for cell, a := range p.all {
			p.addUp(a)
			for _, x := range a.list {
				if !yield(cellKey{x.number, cell}, x.time) {
					return
				}
			}
		}
	}
}

// launchSpots know the spot of each launch. Numbers of launches mostly follow each other, so that
// they lie in groups.
type launchSpots struct {
	groups map[uint32]*spotGroup
	latest *spotGroup
}

// spotGroup is the spots of 16 launches, plus one each: 0 for none.
type spotGroup struct {
	number uint32
	spots  [16]int32
}

func (l *launchSpots) group(launch uint32) *spotGroup {
	if l.latest == nil || l.latest.number != launch/16 {
		if g := l.groups[launch/16]; g != nil {
			l.latest = g
		} else {
			return nil
		}
	}
	return l.latest
}

// of is the spot of a launch, -1 if it is not known.
func (l *launchSpots) of(launch int32) int32 {
	if g := l.group(uint32(launch)); g != nil && launch != 0 {
		return g.spots[uint32(launch)%16] - 1
	}
	return -1
}

func (l *launchSpots) set(launch, spot int32) {
	g := l.group(uint32(launch))
	if g == nil {
		g = &spotGroup{number: uint32(launch) / 16}
		if l.groups == nil {
			l.groups = map[uint32]*spotGroup{}
		}
		l.groups[g.number] = g
	}
	g.spots[uint32(launch)%16] = spot + 1
}
