package producer

import (
	"bytes"
	"maps"
	"slices"
)

// categories of all producers, their endings, and the families of device categories.
var categories, endings, families = func() (all, ends map[string]Category, begins []string) {
	all, ends = map[string]Category{}, map[string]Category{}
	for _, p := range All {
		maps.Copy(all, p.Categories)
		maps.Copy(ends, p.Endings)
		begins = append(begins, p.Families...)
	}
	return all, ends, begins
}()

// CategoryOf returns what is known of a category, and whether anything is.
func CategoryOf(cat []byte) (Category, bool) {
	if len(cat) == 0 {
		return Category{}, false
	}
	for _, n := range &quick[quickSlot(cat)] {
		if n.name == string(cat) {
			return n.Category, true
		}
	}
	if c, ok := categories[string(cat)]; ok {
		return c, true
	}
	if i := bytes.LastIndexByte(cat, '_'); i > 0 {
		if c, ok := endings[string(cat[i+1:])]; ok {
			return c, true
		}
	}
	for _, f := range families {
		if bytes.HasPrefix(cat, []byte(f)) {
			return Category{Place: OnDevice}, true
		}
	}
	return Category{}, false
}

// quick has most of categories, found by their length and two of their bytes:
// every event is asked for its category, more than once.
var quick = func() (q [64][2]namedCategory) {
	for _, name := range slices.Sorted(maps.Keys(categories)) {
		for i := range q[quickSlot([]byte(name))] {
			if n := &q[quickSlot([]byte(name))][i]; n.name == "" {
				*n = namedCategory{name, categories[name]}
				break
			}
		}
	}
	return q
}()

type namedCategory struct {
	name string
	Category
}

func quickSlot(cat []byte) int {
	return (len(cat)*5 + int(cat[0]) + int(cat[len(cat)/2])*3) % 64
}

var hostOnly = func() (all []string) {
	for _, p := range All {
		all = append(all, p.HostOnly...)
	}
	return all
}()

// IsHostOnly reports a category that no process but a host's has.
func IsHostOnly(cat []byte) bool {
	for _, c := range hostOnly {
		if string(cat) == c {
			return true
		}
	}
	return false
}

// callNames begin the names of runtime calls.
var callNames = func() (all []string) {
	for _, p := range All {
		all = append(all, p.Calls...)
	}
	return all
}()

// IsCall reports whether a name is that of a call into the runtime of a device: the name of a library, or the
// letters that its functions share, with a capital behind them.
func IsCall(name []byte) bool {
	for _, begin := range callNames {
		if len(name) <= len(begin) || string(name[:len(begin)]) != begin {
			continue
		}
		last, next := begin[len(begin)-1], name[len(begin)]
		if last == '_' || last == '@' || 'A' <= next && next <= 'Z' {
			return true
		}
	}
	return IsSynapseCall(name)
}

// ArgSet is a set of keys of args that show where an event ran.
type ArgSet uint64

// DeviceArg returns the set of a key, empty if it shows nothing.
func DeviceArg(key []byte) ArgSet { return argBits[string(key)] }

// AreDevice reports whether only events of a device have all these keys.
func (s ArgSet) AreDevice() bool {
	for _, set := range argSets {
		if s&set == set {
			return true
		}
	}
	return false
}

var argBits, argSets = func() (map[string]ArgSet, []ArgSet) {
	bits, sets := map[string]ArgSet{}, []ArgSet(nil)
	for _, p := range All {
		for _, keys := range p.DeviceArgs {
			var set ArgSet
			for _, key := range keys {
				if bits[key] == 0 {
					bits[key] = 1 << len(bits)
				}
				set |= bits[key]
			}
			sets = append(sets, set)
		}
	}
	return bits, sets
}()
