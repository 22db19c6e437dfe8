package passage

import "testing"

func TestRollComesHome(t *testing.T) {
	home := make(chan *Roll, 1)
	r := NewRoll(make([]byte, 9), home)
	a, b := []*Tape{r.Tape(0)}, []*Tape{r.Tape(5), {Base: 7}}
	Hold(b)
	for i, release := range []func(){r.Release, func() { Drop(a) }, func() { Drop(b) }, func() { Drop(b) }} {
		if len(home) > 0 {
			t.Fatalf("it is home after %d of 4", i)
		}
		release()
	}
	if len(home) != 1 || <-home != r {
		t.Fatal("it is not home")
	}
	// Where there is no room, or no home, it is left to the collector.
	home <- r
	NewRoll(nil, home).Release()
	NewRoll(nil, nil).Release()
	if len(home) != 1 || <-home != r {
		t.Fatal("another one is home")
	}
}
