package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// patience is how long work may take to end once it is told to.
const patience = 2 * time.Second

// signaled says which signal ended the work.
type signaled struct{ os.Signal }

func (s signaled) Error() string { return s.String() }

// withSignals ends the context at a signal that asks for it. A second one ends the
// process: whoever asks again does not want to wait.
func withSignals(parent context.Context) (ctx context.Context, stop func()) {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, cancel := context.WithCancelCause(parent)
	got := make(chan os.Signal, 1)
	signal.Notify(got, ends...)
	go func() {
		select {
		case s := <-got:
			signal.Reset(ends...)
			cancel(signaled{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// statusOf is the exit status of work that ended for some cause: that of a signal
// is what shells make of it.
func statusOf(cause error) int {
	var s signaled
	if errors.As(cause, &s) {
		if number, is := s.Signal.(syscall.Signal); is {
			return 128 + int(number)
		}
	}
	return exitFailed
}
