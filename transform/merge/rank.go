package merge

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Rank is one rank of the merged trace.
type Rank struct {
	Label string   // as it stands before names: rank 3, or TP0-EP1
	By    string   // how it is known
	Files []string // names of its inputs

	place  int      // among all ranks
	number int      // unknown if only a label is known
	groups []int    // places in groups, by which ranks without numbers are ordered
	tag    string   // that stands before pids of the trace that holds more than one; else empty
	files  []*file  // one, and those that go with it
	span   *span    // of all files, if they are cut by what one of them tells; else nil
	ids    uint64   // what is added to its ids
	pids   []string // of its processes, as they were, in order
	pid    map[string]string
	sort   map[string]int
}

// findRanks tells which rank each file is of. What the documents say counts if they differ;
// else what the names say; else the order.
func (p *Plan) findRanks() {
	var alone []*file
	for _, f := range p.files {
		if !f.isServerEvents() && len(f.tags) < 2 {
			alone = append(alone, f)
		}
	}
	apart := 0
	for i, r := range ranksOf(alone) {
		alone[i].rank = r
		p.addRank(r, alone[i])
		if strings.HasSuffix(r.Label, ")") {
			apart++
		}
	}
	if apart > 0 {
		p.addNote("%d traces are of ranks that others are of, too: what tells them apart is added to their labels", apart)
	}
	for _, f := range p.files {
		if len(f.tags) >= 2 {
			p.addTagged(f)
		}
	}
	for _, f := range p.files {
		if f.rank == nil && f.byTag == nil {
			p.addServerEvents(f)
		}
	}
	slices.SortStableFunc(p.Ranks, (*Rank).compare)
	for i, r := range p.Ranks {
		r.place = i
	}
}

// compare is the order of ranks.
func (r *Rank) compare(o *Rank) int {
	return cmp.Or(cmp.Compare(r.number, o.number), slices.Compare(r.groups, o.groups))
}

// ranksOf returns the ranks of files, one each.
func ranksOf(files []*file) []*Rank {
	for _, way := range rankings {
		ranks, same := way.all(files)
		if len(same) == 0 && ranks != nil {
			dropCommonGroups(ranks)
			return ranks
		}
	}
	if ranks, same := rankings[0].all(files); ranks != nil && setApart(ranks, same, files) {
		return ranks
	}
	ranks, _ := byOrder.all(files)
	return ranks
}

// setApart adds to the labels of ranks that are the same what differs between their files: the
// host, the name or the folder. It reports false where nothing does.
func setApart(ranks []*Rank, same map[string][]int, files []*file) bool {
	for _, places := range same {
		if !slices.ContainsFunc(marks, func(m labelMark) bool { return m.setApart(ranks, places, files) }) {
			return false
		}
	}
	return true
}

// labelMark is something that tells files of one rank apart.
type labelMark struct {
	what string
	of   func(f *file) string
}

var marks = []labelMark{
	{"host", func(f *file) string { return f.host }},
	{"file", func(f *file) string { name, _, _ := strings.Cut(f.Name, ".json"); return name }},
	{"folder", func(f *file) string { return f.Folder }},
}

// setApart adds the mark to the labels of some ranks, if each has another.
func (m labelMark) setApart(ranks []*Rank, places []int, files []*file) bool {
	seen := map[string]bool{"": true}
	for _, i := range places {
		mark := plainMark(m.of(files[i]))
		if seen[mark] {
			return false
		}
		seen[mark] = true
	}
	for _, i := range places {
		r := ranks[i]
		r.Label += " (" + plainMark(m.of(files[i])) + ")"
		r.By += " and " + m.what
	}
	return true
}

// plainMark is a mark as it may stand in a name, in JSON or not.
func plainMark(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("._-", c) {
			return c
		}
		return '_'
	}, s)
}

// Known is what shows which rank a trace is of: the base name of its file, and the number that
// distributedInfo states, negative if it states none.
type Known struct {
	Name   string
	Folder string // that the file lies in, its base name
	Host   string // host_name, empty if it states none
	Number int
}

// Labels returns the labels of ranks as merge gives them, such as rank 3 or TP0-EP1, and how each is
// known; order has the places of traces in order of their ranks.
func Labels(traces []Known) (ranks []*Rank, order []int) {
	var files []*file
	for i, k := range traces {
		f := newFile(Input{Name: k.Name, Folder: k.Folder}, i)
		f.number, f.host = max(k.Number, unknown), k.Host
		files = append(files, f)
		order = append(order, i)
	}
	ranks = ranksOf(files)
	slices.SortStableFunc(order, func(a, b int) int { return ranks[a].compare(ranks[b]) })
	return ranks, order
}

func (p *Plan) addRank(r *Rank, f *file) {
	r.files, r.Files = append(r.files, f), append(r.Files, f.Name)
	p.Ranks = append(p.Ranks, r)
}

// addTagged adds the ranks of a trace that was merged before, by what stands before its pids or
// names.
func (p *Plan) addTagged(f *file) {
	f.byTag = map[string]*Rank{}
	for i, tag := range f.tags {
		r := &Rank{Label: tag, By: "what the trace says", tag: tag, number: len(p.files) + i}
		plain, _, _ := strings.Cut(tag, " (") // a mark may look like a rank
		if n, groups := rankOfName(plain); n != unknown {
			r.number = n
		} else if groups != nil {
			r.groups = groups.places
		}
		f.byTag[tag] = r
		p.addRank(r, f)
	}
	f.byTag[""] = f.byTag[f.tags[0]] // what is of none
}

// addServerEvents adds high-level events to the rank whose trace has their process, or to the
// only one. Events of nobody's process are a rank of their own.
func (p *Plan) addServerEvents(f *file) {
	for _, r := range p.Ranks {
		if len(p.Ranks) == 1 || r.hasProcessOf(f) {
			f.rank = r
			r.files, r.Files = append(r.files, f), append(r.Files, f.Name)
			return
		}
	}
	number := 0
	for _, r := range p.Ranks {
		number = max(number, r.number+1)
	}
	f.rank = newRank(number, "order")
	p.addRank(f.rank, f)
}

// hasProcessOf reports whether a process of f is one of r's.
func (r *Rank) hasProcessOf(f *file) bool {
	for _, q := range f.order {
		for _, g := range r.files {
			if o := g.processes[q.pid]; q.busy && o != nil && o.busy {
				return true
			}
		}
	}
	return false
}

func newRank(number int, by string) *Rank {
	return &Rank{Label: fmt.Sprintf("rank %d", number), By: by, number: number}
}

// ranking is a way to tell the ranks of files; of returns nil where one is not known.
type ranking struct{ of func(f *file, i int) *Rank }

var rankings = []ranking{
	{func(f *file, _ int) *Rank {
		if f.number == unknown {
			return rankByName(f)
		}
		return newRank(f.number, "distributedInfo")
	}},
	{func(f *file, _ int) *Rank { return rankByName(f) }},
}

var byOrder = ranking{func(f *file, i int) *Rank { return newRank(i+f.Others, "order") }}

// all returns the ranks of files, nil if one is not known, and the places of those that are the
// same, by their label.
func (w ranking) all(files []*file) (ranks []*Rank, same map[string][]int) {
	same = map[string][]int{}
	for i, f := range files {
		r := w.of(f, i)
		if r == nil {
			return nil, nil
		}
		ranks, same[r.Label] = append(ranks, r), append(same[r.Label], i)
	}
	maps.DeleteFunc(same, func(_ string, places []int) bool { return len(places) == 1 })
	return ranks, same
}

func rankByName(f *file) *Rank {
	n, groups := rankOfName(f.Name)
	switch {
	case n != unknown:
		return newRank(n, "name")
	case groups != nil:
		return &Rank{Label: groups.label, By: "name", number: unknown, groups: groups.places}
	}
	return nil
}

// groups are the places of a rank in groups of parallel work.
type groups struct {
	label  string
	places []int
}

var (
	rankInName  = regexp.MustCompile(`(?i)(?:^|[^a-z])rank[-_. ]?(\d+)`)
	groupInName = regexp.MustCompile(`(?i)(?:^|[^a-z])(tp|dp|pp|ep|cp|sp|dcp|pcp)[-_]?(\d+)`)
)

// rankOfName finds a rank in the name of a file, as in rank-7, rank7, TP0-EP1 and
// dp0_pp0_tp0_rank3: its number, or else its groups.
func rankOfName(name string) (number int, g *groups) {
	if m := rankInName.FindAllStringSubmatch(name, -1); m != nil {
		if n, err := strconv.Atoi(m[len(m)-1][1]); err == nil {
			return n, nil
		}
	}
	var labels []string
	var places []int
	for _, m := range groupInName.FindAllStringSubmatch(name, -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return unknown, nil
		}
		labels, places = append(labels, strings.ToUpper(m[1])+strconv.Itoa(n)), append(places, n)
	}
	if labels == nil {
		return unknown, nil
	}
	return unknown, &groups{strings.Join(labels, "-"), places}
}

// dropCommonGroups leaves groups out of labels in which all ranks have the same place.
func dropCommonGroups(ranks []*Rank) {
	if len(ranks) < 2 {
		return
	}
	first := strings.Split(ranks[0].Label, "-")
	var labels [][]string
	for _, r := range ranks {
		parts := strings.Split(r.Label, "-")
		if len(r.groups) != len(first) {
			return
		}
		labels = append(labels, parts)
	}
	for i := range first {
		if slices.ContainsFunc(labels, func(parts []string) bool { return parts[i] != first[i] }) {
			continue
		}
		for _, parts := range labels {
			parts[i] = ""
		}
	}
	for i, r := range ranks {
		r.Label = strings.Join(slices.DeleteFunc(labels[i], func(part string) bool { return part == "" }), "-")
	}
}

// RankInName returns the rank that the name of a file says, as it is shown: 3, or TP0-EP1. It is
// empty if there is none.
func RankInName(name string) string {
	switch n, g := rankOfName(name); {
	case n != unknown:
		return strconv.Itoa(n)
	case g != nil:
		return g.label
	}
	return ""
}

// tagOf returns the rank that stands before a pid where traces of ranks were merged as they
// were, as in "[TP00] 100"; empty if none does.
func tagOf(pid string) string {
	rest, ok := strings.CutPrefix(pid, `"[`)
	tag, _, closed := strings.Cut(rest, "]")
	if !ok || !closed {
		return ""
	}
	return tag
}

// rankOf returns the rank that a process of f belongs to.
func (f *file) rankOf(pid string) *Rank {
	if q := f.processes[pid]; f.byTag != nil && q != nil {
		return f.byTag[q.tag]
	}
	return f.rank
}
