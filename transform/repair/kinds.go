package repair

import "slices"

// Kind is a kind of repair.
type Kind string

// The kinds of repair. Those of the document are always done: without them
// there is not a trace.
const (
	ByteOrderMark Kind = "byte-order-mark"
	Unclosed      Kind = "unclosed"
	Compression   Kind = "compression"
	Trailing      Kind = "trailing"
	Documents     Kind = "documents"
	Commas        Kind = "commas"
	Members       Kind = "members"
	Broken        Kind = "broken"
	Order         Kind = "order"

	Quotes     Kind = "quotes"
	Controls   Kind = "controls"
	Escapes    Kind = "escapes"
	Surrogates Kind = "surrogates"
	UTF8       Kind = "utf8"
	Words      Kind = "nan"
	Quoted     Kind = "quoted"
	Durations  Kind = "durations"
	Giants     Kind = "giants"
	Duplicates Kind = "duplicates"
	IDs        Kind = "ids"
	Scopes     Kind = "scopes"
	Counters   Kind = "counters"
	Times      Kind = "times"
	Metadata   Kind = "metadata"
	Units      Kind = "nanoseconds"
	Shift      Kind = "shift"
	Rebase     Kind = "rebase"
	Legacy     Kind = "legacy"
	Unshowable Kind = "unshowable"
	Overlaps   Kind = "overlaps"
	Ends       Kind = "ends"
	FlowIDs    Kind = "flow-ids"
	BadFlows   Kind = "bad-flows"
	Flows      Kind = "flows"
	VLLM       Kind = "vllm"
)

// kindInfo is what a kind means, whether it can be turned off, and whether
// something of the input is left out by it.
type kindInfo struct {
	kind   Kind
	what   string
	always bool
	loses  bool
}

var kinds = []kindInfo{
	{ByteOrderMark, "byte-order mark removed", true, false},
	{Unclosed, "the document was not closed", true, false},
	{Compression, "the compressed input was cut or corrupt", true, true},
	{Trailing, "bytes of text that belong to no event left out", true, true},
	{Documents, "further documents or arrays of events joined to the first", true, false},
	{Commas, "commas added or removed", true, false},
	{Members, "members of the document left out or rewritten", true, false},
	{Broken, "broken events, closed where they can be read, else set aside", true, true},
	{Order, "event at time zero added, by which a viewer sorts the rest", true, false},

	{Quotes, "strings with quotes in them, or without their last", false, false},
	{Controls, "strings with raw control characters", false, false},
	{Escapes, "strings with escapes that JSON does not know, or with Windows paths as they are", false, false},
	{Surrogates, "strings with surrogate pairs, now UTF-8", false, false},
	{UTF8, "strings that were no UTF-8", false, false},
	{Words, "NaN, Infinity and other words, now in quotes", false, false},
	{Quoted, "times in quotes, now numbers", false, false},
	{Durations, "missing or unreadable durations, now 0", false, false},
	{Giants, "numbers with too many digits", false, false},
	{Duplicates, "members written twice: the last stays, of the document's the first", false, false},
	{IDs, "pids and tids outside of 32 bits, now each its own within", false, false},
	{Scopes, "instants without the pid or tid of their scope", false, false},
	{Counters, "values of counters that are no numbers left out", false, true},
	{Times, "events at impossible times set aside", false, true},
	{Units, "times since 1970 in nanoseconds, now in microseconds", false, false},
	{Shift, "times moved, all by as much, so that none is before zero", false, false},
	{Rebase, "times since 1970 that viewers round, now from a base near to them", false, false},
	{Metadata, "names at negative times, which mean nothing, now at 0", false, false},
	{Legacy, "events of the older async phases S, T, p and F, now b, n and e", false, false},
	{Unshowable, "events that no viewer can show set aside", false, true},
	{Overlaps, "overlapping slices moved to lanes of their own", false, false},
	{Ends, "begins without an end closed", false, false},
	{FlowIDs, "flow events with an id that another flow has, too, or that no viewer reads, now with one of their own", false, false},
	{BadFlows, "flow events that bind to nothing left out", false, true},
	{Flows, "dangling flow events left out", false, false},
	{VLLM, "process of vLLM named", false, false},
}

// Switchable lists the kinds that can be turned off.
func Switchable() []Kind {
	var all []Kind
	for _, k := range kinds {
		if !k.always {
			all = append(all, k.kind)
		}
	}
	return all
}

// What says what a repair of the kind does.
func (k Kind) What() string {
	i := slices.IndexFunc(kinds, func(i kindInfo) bool { return i.kind == k })
	return kinds[i].what
}

// Count is how often a repair was made.
type Count struct {
	Kind  Kind
	Count int64
	Loses bool // something of the input was left out
}

// tally counts repairs.
type tally map[Kind]int64

func (t tally) counts() []Count {
	var all []Count
	for _, k := range kinds {
		if n := t[k.kind]; n > 0 {
			all = append(all, Count{k.kind, n, k.loses})
		}
	}
	return all
}

func (t tally) total() (n int64) {
	for _, k := range t {
		n += k
	}
	return n
}
