package launches

import "sort"

// fileParts are where in the text the calls of each process stand: files of ranks that were put one
// behind the other have a part for each. The zero value is ready to use.
type fileParts struct {
	all    []filePart
	last   []int32         // by process of a device, plus 1: the part that its latest work stands in
	of     map[int][]int32 // by process of a device: the parts that its work stands in, -1 in front of all
	broken bool            // there are more than files have that were put together
}

type filePart struct {
	host int
	at   int64 // of its first call
}

const mostParts = 4096

// note takes a call, or work of a device, in the order of the text.
func (p *fileParts) note(process int, call bool, at int64) {
	switch {
	case p.broken:
	case call && (len(p.all) == 0 || p.all[len(p.all)-1].host != process):
		p.all = append(p.all, filePart{process, at})
		p.broken = len(p.all) > mostParts
	case !call:
		for len(p.last) <= process {
			p.last = append(p.last, 0)
		}
		if part := int32(len(p.all)); p.last[process] != part || part == 0 {
			p.last[process] = part
			if p.of == nil {
				p.of = map[int][]int32{}
			}
			if in := p.of[process]; len(in) == 0 || in[len(in)-1] != part-1 {
				p.of[process] = append(in, part-1)
			}
		}
	}
}

// apart reports whether each process of the host has a part of its own.
func (p *fileParts) apart() bool {
	seen := map[int]bool{}
	for _, part := range p.all {
		if seen[part.host] {
			return false
		}
		seen[part.host] = true
	}
	return !p.broken && len(p.all) > 1
}

// share reports whether the work of a device stands behind the calls of several processes, and
// none before all calls.
func (p *fileParts) share(process int) bool {
	in := p.of[process]
	return len(in) > 1 && in[0] >= 0 && p.apart()
}

// rankParts are where the part of each rank begins; empty if ranks have none of their own.
type rankParts []rankPart

type rankPart struct {
	at    int64
	ranks []int32 // one
}

// ranks returns the parts by rank, where the work of all the given devices stands in several.
func (p *fileParts) ranks(devices []int, byProcess []int32) (parts rankParts) {
	for _, process := range devices {
		if !p.share(process) {
			return nil
		}
	}
	for _, part := range p.all {
		parts = append(parts, rankPart{part.at, []int32{byProcess[part.host]}})
	}
	return parts
}

// ranks returns the rank in whose part a place is, none if it is in no part.
func (p rankParts) ranks(at int64) []int32 {
	i := sort.Search(len(p), func(i int) bool { return p[i].at > at })
	if i == 0 || at == 0 {
		return nil
	}
	return p[i-1].ranks
}
