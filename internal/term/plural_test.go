package term

import "testing"

func TestGrouped(t *testing.T) {
	for _, c := range []struct {
		n    int64
		what string
		want string
	}{{0, "event", "0 events"}, {1, "event", "1 event"}, {999, "event", "999 events"}, {1000, "event", "1,000 events"}, {55241, "", "55,241"}, {1234567, "", "1,234,567"}} {
		if got := Grouped(c.n, c.what); got != c.want {
			t.Errorf("%d: got %q, want %q", c.n, got, c.want)
		}
	}
}
