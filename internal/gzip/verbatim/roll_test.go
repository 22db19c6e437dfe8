package verbatim

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

func TestClonesKeepNoRoll(t *testing.T) {
	home := make(chan *Roll, 1)
	r := NewRoll([]byte("abcdefgh"), home)
	tape := r.Tape(70)
	tape.Bits = r.Bytes[2:5]
	tape.Places = []Place{{Text: 9, Bit: 561}}
	clones := Clone([]*Tape{tape})
	Drop([]*Tape{tape})
	r.Release()
	copy((<-home).Bytes, "--------")
	if c := clones[0]; len(clones) != 1 || c.Base != 70 || string(c.Bits) != "cde" || len(c.Places) != 1 || c.Places[0] != tape.Places[0] {
		t.Errorf("%d clones, the first %+v", len(clones), *clones[0])
	}
	Hold(clones)
	Drop(clones)
	if len(home) > 0 {
		t.Error("a clone gave the memory back")
	}
}
