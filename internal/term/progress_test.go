package term

import (
	"testing"
	"time"
)

func TestLine(t *testing.T) {
	for _, c := range []struct {
		read, other, total int64
		since              time.Duration
		want               string
	}{
		{30e6, 0, 120e6, 3 * time.Second, "30.0 MB read, 10.0 MB/s, 25%, 9s left"},
		{60e6, 20e6, 160e6, 4 * time.Second, "60.0 MB read, 15.0 MB/s, 50%, 4s left"},
		{30e6, 0, -1, 3 * time.Second, "30.0 MB read, 10.0 MB/s"},
		{130e6, 0, 120e6, 10 * time.Second, "130.0 MB read, 13.0 MB/s"}, // more than was expected
		{0, 0, 120e6, time.Second, "0 B read, 0 B/s"},
		{1 << 62, 0, 1 << 62, time.Second, "4611686018.43 GB read, 4611686018.43 GB/s, 100%, 0s left"},
	} {
		if got := Line(c.read, c.other, c.total, c.since); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
