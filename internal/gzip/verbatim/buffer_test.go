package verbatim

import "testing"

func TestBufferReturnsToItsPool(t *testing.T) {
	pool := make(chan *Buffer, 1)
	r := NewBuffer(make([]byte, 9), pool)
	a, b := []*Range{r.Range(0)}, []*Range{r.Range(5), {Base: 7}}
	Hold(b)
	for i, release := range []func(){r.Release, func() { Drop(a) }, func() { Drop(b) }, func() { Drop(b) }} {
		if len(pool) > 0 {
			t.Fatalf("it is home after %d of 4", i)
		}
		release()
	}
	if len(pool) != 1 || <-pool != r {
		t.Fatal("it is not home")
	}
	// Where there is no room, or no home, it is left to the collector.
	pool <- r
	NewBuffer(nil, pool).Release()
	NewBuffer(nil, nil).Release()
	if len(pool) != 1 || <-pool != r {
		t.Fatal("another one is home")
	}
}

func TestClonesDoNotHoldTheirBuffer(t *testing.T) {
	pool := make(chan *Buffer, 1)
	r := NewBuffer([]byte("abcdefgh"), pool)
	one := r.Range(70)
	one.Bits = r.Bytes[2:5]
	one.Boundaries = []Boundary{{Text: 9, Bit: 561}}
	clones := Clone([]*Range{one})
	Drop([]*Range{one})
	r.Release()
	copy((<-pool).Bytes, "--------")
	if c := clones[0]; len(clones) != 1 || c.Base != 70 || string(c.Bits) != "cde" || len(c.Boundaries) != 1 || c.Boundaries[0] != one.Boundaries[0] {
		t.Errorf("%d clones, the first %+v", len(clones), *clones[0])
	}
	Hold(clones)
	Drop(clones)
	if len(pool) > 0 {
		t.Error("a clone gave the memory back")
	}
}
