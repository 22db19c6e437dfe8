package requests

import "strings"

// column is what a field of a file means.
type column uint8

const (
	noColumn column = iota
	idColumn
	startColumn
	endColumn
	lengthColumn
)

// columns by their names, without units and in the spelling of snakeCase. If
// several name the same thing, the one that comes first here is taken.
var columns = []struct {
	column column
	names  string
}{
	{idColumn, "request_id req_id gen_ai_request_id rid requestid reqid request req id uid uuid trace_id"},
	{startColumn, "start start_time start_ts start_timestamp started started_at request_start request_start_time begin begin_time began_at arrival arrival_time arrived_at submitted_at ts"},
	{endColumn, "end end_time end_ts end_timestamp ended ended_at request_end request_end_time finish finish_time finished finished_at stop stop_time stopped_at complete_time completed completed_at completion_time"},
	{lengthColumn, "duration dur latency e2e_latency e2el request_latency total_time elapsed elapsed_time"},
}

// unitNames are the units as users and column names write them.
var unitNames = map[string]Unit{
	"s": Seconds, "sec": Seconds, "secs": Seconds, "second": Seconds, "seconds": Seconds,
	"ms": Milliseconds, "msec": Milliseconds, "millis": Milliseconds, "milliseconds": Milliseconds,
	"us": Microseconds, "usec": Microseconds, "µs": Microseconds, "μs": Microseconds, "micros": Microseconds, "microseconds": Microseconds,
	"ns": Nanoseconds, "nsec": Nanoseconds, "nano": Nanoseconds, "nanos": Nanoseconds, "nanoseconds": Nanoseconds,
}

// meaning tells what a field means by its name, how good a name it is (less is
// better), and the unit that the name carries.
func meaning(name string) (c column, order int, u Unit) {
	words := strings.Split(snakeCase(name), "_")
	for n := len(words); n > 1; n-- {
		if unit, ok := unitNames[words[n-1]]; ok && u == ByMagnitude {
			u, words = unit, words[:n-1]
		} else if words[n-1] == "unix" || words[n-1] == "epoch" || words[n-1] == "in" {
			words = words[:n-1]
		} else {
			break
		}
	}
	name = strings.Join(words, "_")
	for _, k := range columns {
		for i, known := range strings.Fields(k.names) {
			if name == known {
				return k.column, i, u
			}
		}
	}
	return noColumn, 0, ByMagnitude
}

// snakeCase writes startTimeMs, Start Time (ms) and start.time.ms the same way.
func snakeCase(s string) string {
	var b strings.Builder
	gap, lower := false, false
	for _, c := range s {
		upper := c >= 'A' && c <= 'Z'
		letter := upper || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c > 127
		if !letter || upper && lower {
			gap = b.Len() > 0
		}
		lower = c >= 'a' && c <= 'z'
		if !letter {
			continue
		}
		if gap {
			b.WriteByte('_')
			gap = false
		}
		if upper {
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}
