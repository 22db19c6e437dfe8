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
	{Order, "event at time zero added, so that viewers sort the others", true, false},

	{Quotes, "strings with unescaped quotes, or without a closing quote", false, false},
	{Controls, "strings with raw control characters", false, false},
	{Escapes, "strings with invalid escapes, or with unescaped Windows paths", false, false},
	{Surrogates, "strings with escaped surrogate pairs, now UTF-8", false, false},
	{UTF8, "strings that were not valid UTF-8", false, false},
	{Words, "NaN, Infinity and other words, now in quotes", false, false},
	{Quoted, "times in quotes, now numbers", false, false},
	{Durations, "missing or unreadable durations, now 0", false, false},
	{Giants, "numbers with too many digits", false, false},
	{Duplicates, "duplicate members: the last is kept, of the document itself the first", false, false},
	{IDs, "pids and tids that do not fit into 32 bits, each replaced by one that does", false, false},
	{Scopes, "instants without the pid or tid of their scope", false, false},
	{Counters, "counter values that are not numbers left out", false, true},
	{Times, "events at impossible times set aside", false, true},
	{Units, "times since 1970 in nanoseconds, now in microseconds", false, false},
	{Shift, "negative times: all times moved by the same amount, so that none is below zero", false, false},
	{Rebase, "times since 1970, which viewers round: now relative to a base in the document", false, false},
	{Metadata, "metadata events at negative times, now at 0", false, false},
	{Legacy, "events of the older async phases S, T, p and F, now b, n and e", false, false},
	{Unshowable, "events that no viewer can show set aside", false, true},
	{Overlaps, "overlapping slices moved to tracks of their own", false, false},
	{Ends, "begins without an end closed", false, false},
	{FlowIDs, "flows with an id that another flow has or that viewers cannot read, now with a unique one", false, false},
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
