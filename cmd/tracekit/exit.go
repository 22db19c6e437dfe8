package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Exit statuses, the same for every verb.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitDamaged = 3
	exitNo      = 4
)

// usageError is a mistake in how the command was called.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// damagedError says that the work is done, but not all of the input could be
// kept.
type damagedError struct{ error }

func (d damagedError) Unwrap() error { return d.error }

// noError says that the work is done, and that the answer is no: the status alone has yet to
// say so.
type noError struct {
	error
	status int
}

func (e noError) Unwrap() error { return e.error }

// folded breaks a long line of things between commas.
func folded(line string) string {
	const width, indent = 100, "\n      "
	var b strings.Builder
	at := 0
	for part := range strings.SplitAfterSeq(line, ", ") {
		n := utf8.RuneCountInString(part)
		if at > 0 && at+n > width {
			b.WriteString(indent)
			at = 0
		}
		b.WriteString(part)
		at += n
	}
	return strings.ReplaceAll(b.String(), " "+indent, indent)
}

// hinted carries lines on what to do about an error.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func hint(err error, format string, args ...any) error {
	return hinted{err, fmt.Sprintf(format, args...)}
}

// report says what went wrong and maps it to an exit status. help is the command
// that tells how to do it right.
func report(ctx context.Context, err error, help string, stderr io.Writer) int {
	if err == nil || errors.Is(err, errPipeClosed) {
		return exitDone
	}
	var (
		wrong   usageError
		damaged damagedError
		no      noError
		h       hinted
	)
	label := "error"
	status := exitFailed
	switch {
	case errors.As(err, &damaged):
		label, status = "warning", exitDamaged
	case errors.As(err, &no):
		return no.status
	case errors.As(err, &wrong):
		status = exitUsage
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		err, status = errInterrupted, statusOf(context.Cause(ctx))
	}
	fmt.Fprintf(stderr, "tracekit: %s: %v\n", label, err)
	if errors.As(err, &h) {
		for line := range strings.SplitSeq(h.hint, "\n") {
			fmt.Fprintf(stderr, "hint: %s\n", folded(line))
		}
	} else if status == exitUsage {
		fmt.Fprintf(stderr, "hint: %s shows how it is used\n", help)
	}
	return status
}
