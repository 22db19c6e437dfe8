//go:build counting

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	shapes "tracekit/internal/testkit/hostile"
)

// A program that is built to count runs the calls that it reads from standard input, a
// list of arguments each, and prints their status and how many blocks of code ran.
func init() {
	var ops shapes.Operations
	for calls := json.NewDecoder(os.Stdin); ; {
		var args []string
		if err := calls.Decode(&args); err != nil {
			os.Exit(0)
		}
		_, err := ops.Since()
		status := run(context.Background(), append([]string{"tracekit"}, args...), strings.NewReader(""), io.Discard, io.Discard)
		n, failed := ops.Since()
		if err != nil || failed != nil {
			fmt.Fprintln(os.Stderr, err, failed)
			os.Exit(1)
		}
		fmt.Println(status, n)
	}
}
