package merged

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"strconv"
	"unicode/utf8"

	"tracekit/trace"
)

// Sort puts the busiest names first.
func (s *Slices) Sort() {
	slices.SortFunc(s.Names, func(a, b Name) int {
		return cmp.Or(cmp.Compare(b.Busy, a.Busy), bytes.Compare(a.Name, b.Name), bytes.Compare(a.Cat, b.Cat))
	})
}

// Cat is the category of the slices, and whether they share it.
func (s *Slices) Cat() (cat []byte, shared bool) {
	for i := range s.Names {
		if !bytes.Equal(s.Names[i].Cat, s.Names[0].Cat) {
			return nil, false
		}
	}
	return s.Names[0].Cat, true
}

// Cut leaves the busiest names, as many as that, and adds up the others in More by category.
// It returns these others, in memory of s.
func (s *Slices) Cut(most int) (cut []Name) {
	if len(s.Names) <= most {
		return nil
	}
	s.Names, cut = s.Names[:most], s.Names[most:]
	for i := range cut {
		n := &cut[i]
		at := slices.IndexFunc(s.More, func(o Name) bool { return bytes.Equal(o.Cat, n.Cat) })
		if at < 0 {
			at = len(s.More)
			s.More = append(s.More, Name{Cat: n.Cat})
		}
		s.More[at].Add(n)
	}
	slices.SortFunc(s.More, func(a, b Name) int { return bytes.Compare(a.Cat, b.Cat) })
	return cut
}

// Add adds what o has to n.
func (n *Name) Add(o *Name) {
	n.Count += o.Count
	n.Busy = n.Busy.Add(o.Busy)
	n.Self = n.Self.Add(o.Self)
	n.Total = n.Total.Add(o.Total)
}

// AppendArgs appends the args of a merged slice, of which shared says whether all names have
// its category. The names have to be sorted.
func (s *Slices) AppendArgs(dst []byte, shared bool) []byte {
	dst = strconv.AppendInt(append(dst, `{"`+KeyCount+`": `...), s.Count, 10)
	dst = appendTime(dst, `, "`+KeyBusy+`": `, s.Busy)
	if s.Min >= 0 {
		dst = appendTime(dst, `, "`+KeyMin+`": `, s.Min)
	}
	if s.Max >= 0 {
		dst = appendTime(dst, `, "`+KeyMax+`": `, s.Max)
	}
	dst = appendNames(append(dst, `, "`+KeyNames+`": `...), s.Names, shared)
	for i := range s.More {
		open := `, "`
		if i == 0 {
			open = `, "` + KeyMore + `": {"`
		}
		n := s.More[i]
		n.Total = n.Busy // which says nothing of several names
		dst = n.append(append(append(append(dst, open...), n.Cat...), `": `...))
	}
	if len(s.More) > 0 {
		dst = append(dst, '}')
	}
	if s.Outer > 0 {
		dst = appendTime(dst, `, "`+KeyOuter+`": `, s.Outer)
	}
	for i, c := range s.Inside {
		open := `, "`
		if i == 0 {
			open = `, "` + KeyInside + `": ["`
		}
		dst = append(append(append(dst, open...), c...), '"')
	}
	if len(s.Inside) > 0 {
		dst = append(dst, ']')
	}
	if s.Estimate {
		dst = append(dst, `, "`+KeyEstimate+`": true`...)
	}
	return append(dst, '}')
}

// AppendRest appends the member of args that has names which merged slices before do not list.
// The same names have to stand together.
func AppendRest(dst []byte, names iter.Seq[*Name]) []byte {
	dst = append(dst, `, "`+KeyRest+`": {`...)
	var same []Name // of one name
	put := func() {
		if len(same) == 0 {
			return
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ", "...)
		}
		n := &same[0]
		dst = append(append(append(dst, '"'), n.Name...), `": `...)
		if len(same) > 1 {
			dst = appendSeveral(dst, same)
		} else {
			dst = n.append(dst)
			dst = append(append(append(dst[:len(dst)-1], `, "`...), n.Cat...), `"]`...)
		}
		same = same[:0]
	}
	for n := range names {
		if len(same) > 0 && !bytes.Equal(n.Name, same[0].Name) {
			put()
		}
		same = append(same, *n)
	}
	put()
	return append(dst, '}')
}

// appendNames appends names and what they have. Where they share no category, each has its own.
func appendNames(dst []byte, names []Name, shared bool) []byte {
	dst = append(dst, '{')
	var several map[string][]Name // by name, if it has several categories
	if !shared {
		several = byName(names)
	}
	for i := range names {
		n := &names[i]
		all := several[string(n.Name)]
		if len(all) > 1 && !bytes.Equal(all[0].Cat, n.Cat) {
			continue // told with the first
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ", "...)
		}
		dst = append(append(append(dst, '"'), n.Name...), `": `...)
		if len(all) > 1 {
			dst = appendSeveral(dst, all)
			continue
		}
		dst = n.append(dst)
		if !shared {
			dst = append(append(append(dst[:len(dst)-1], `, "`...), n.Cat...), `"]`...)
		}
	}
	return append(dst, '}')
}

func byName(names []Name) map[string][]Name {
	all := make(map[string][]Name, len(names))
	for i := range names {
		all[string(names[i].Name)] = append(all[string(names[i].Name)], names[i])
	}
	return all
}

// appendSeveral appends the value of a name that several categories have.
func appendSeveral(dst []byte, names []Name) []byte {
	all := Name{}
	var parts []byte
	for i := range names {
		n := &names[i]
		all.Count, all.Busy = all.Count+n.Count, all.Busy+n.Busy
		parts = append(append(append(parts, `, "`...), n.Cat...), `": `...)
		parts = n.append(parts)
	}
	all.Self, all.Total = all.Busy, all.Busy
	dst = all.append(dst)
	dst = append(append(dst[:len(dst)-1], ", {"...), parts[len(", "):]...)
	return append(dst, "}]"...)
}

func (n *Name) append(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, '['), n.Count, 10)
	dst = appendTime(dst, ", ", n.Busy)
	if n.Self != n.Busy || n.Total != n.Busy {
		dst = appendTime(dst, ", ", n.Self)
	}
	if n.Total != n.Busy {
		dst = appendTime(dst, ", ", n.Total)
	}
	return append(dst, ']')
}

func appendTime(dst []byte, key string, t trace.Time) []byte {
	return trace.AppendMicros(append(dst, key...), t)
}

// AppendName appends how many slices there are, and of what: their name, how their names
// begin up to the end of a word, their category, or the name that took most of the time.
func (s *Slices) AppendName(dst []byte) []byte {
	dst = append(strconv.AppendInt(dst, s.Count, 10), " × "...)
	first := s.Names[0].Name
	shared, one := first, true
	for i := range s.Names[1:] {
		one = one && bytes.Equal(s.Names[i+1].Name, first)
		shared = sharedStart(shared, s.Names[i+1].Name)
	}
	start := wholeWords(shared)
	cat, _ := s.Cat()
	switch {
	case one:
		return append(dst, first...)
	case len(start) > 0:
		return append(append(dst, start...), '*')
	case len(cat) > 0:
		dst = append(append(dst, cat...), ": "...)
	}
	return append(append(dst, first...), " …"...)
}

// wholeWords is the start of a name up to where one of its words ends, such as aten:: or
// void at::native::; empty if there is too little of it.
func wholeWords(start []byte) []byte {
	const least = 3
	i := bytes.LastIndexAny(start, " :._-/<(,#@|$")
	if start = start[:i+1]; len(start) < least {
		return nil
	}
	return start
}

// sharedStart is the start that two JSON texts share, without half a character or escape
// at its end.
func sharedStart(a, b []byte) []byte {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	const escape = len(`\u0000`)
	if i := bytes.LastIndexByte(a[max(0, n-escape):n], '\\'); i >= 0 {
		n = max(0, n-escape) + i
		for n > 0 && a[n-1] == '\\' {
			n--
		}
	}
	return a[:n]
}
