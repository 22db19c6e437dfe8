package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNewOverlapsAreReported(t *testing.T) {
	const (
		a = `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":10}`
		b = `{"ph":"X","name":"b","pid":1,"tid":1,"ts":5,"dur":10}`
		c = `{"ph":"X","name":"c","pid":1,"tid":1,"ts":20,"dur":10}`
		d = `{"ph":"X","name":"d","pid":1,"tid":1,"ts":25,"dur":10}`
	)
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := write("whole.json", "["+a+","+b+","+c+"]")
	if !overlappedBefore(whole, write("same.json", "["+a+","+b+"]")) {
		t.Error("what overlapped before is taken for new")
	}
	if overlappedBefore(whole, write("new.json", "["+a+","+b+","+c+","+d+"]")) {
		t.Error("what overlaps anew is not told")
	}
	if overlappedBefore(whole, write("broken.json", "{")) {
		t.Error("what can't be read is taken for fine")
	}
}
