package budget

import (
	"errors"
	"testing"
	"time"
)

// Two runs, each within its own bound, end one of them once they hold too much together; what is
// released may be held by others.
func TestPool(t *testing.T) {
	p := NewPool(1000)
	start := func() (check func(bytes int) error, end func()) {
		ctx, b := With(p.Join(t.Context()), 950)
		held := 0
		Register(ctx, func(s *Sum) { s.Add("names", held) })
		apart, _ := Apart(ctx)
		Register(apart, func(s *Sum) { s.Add("threads", held/10) })
		return func(bytes int) error {
			held = bytes
			for range 20 { // not every check looks
				if err := Check(apart); err != nil {
					return err
				}
				if err := Check(ctx); err != nil {
					return err
				}
			}
			return nil
		}, b.Release
	}
	first, endFirst := start()
	if err := first(800); err != nil { // 880 with what is apart
		t.Fatalf("alone: %v", err)
	}
	second, endSecond := start()
	if err := second(50); err != nil {
		t.Fatalf("together they hold 935: %v", err)
	}
	err := second(150)
	var e *Error
	if !errors.As(err, &e) || !e.Shared {
		t.Fatalf("together they hold 1045 of 1000: %v", err)
	}
	endSecond()
	if held := p.held.Load(); held != 880 {
		t.Errorf("%d bytes are held once the second has ended, want 880", held)
	}
	third, endThird := start()
	if err := third(100); err != nil {
		t.Errorf("the third has what the second gave back: %v", err)
	}
	if err := first(850); !errors.As(err, &e) || !e.Shared {
		t.Errorf("it may be the first that takes too much: %v", err)
	}
	endFirst()
	if err := third(920); !errors.As(err, &e) || e.Shared {
		t.Errorf("beyond its own bound it ends by that: %v", err)
	}
	endThird()
	if held, runs := p.held.Load(), p.runs.Load(); held != 0 || runs != 0 {
		t.Errorf("%d bytes and %d runs are left", held, runs)
	}
}

// Of all memory that is in use, a run alone has its own bound, and several have one together; one of
// them is ended at a time.
func TestPoolEndsARunWhoseMemoryIsUnregistered(t *testing.T) {
	p := NewPool(1000)
	m := join(p.Join(t.Context()))
	if bytes, shared := m.bound(77); bytes != 77+19+buffers || shared {
		t.Errorf("alone: %d, %v", bytes, shared)
	}
	o := join(p.Join(t.Context()))
	if bytes, shared := m.bound(77); bytes != 1250+2*buffers || !shared {
		t.Errorf("two: %d, %v", bytes, shared)
	}
	now := time.Now()
	if !m.mayEnd(now) || o.mayEnd(now.Add(time.Second)) || !o.mayEnd(now.Add(3*time.Second)) {
		t.Error("one run is ended, and the next one later")
	}
	o.leave()
	if _, shared := m.bound(77); shared {
		t.Error("the other has left")
	}
	m.leave()
}
