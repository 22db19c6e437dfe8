package main

import (
	"runtime/debug"
	"testing"
)

func TestBuildOf(t *testing.T) {
	built := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123"}
	for _, c := range []struct {
		info           *debug.BuildInfo
		number, commit string
	}{
		{nil, "(devel)", ""},
		{built(""), "(devel)", ""},
		{built("v1.2.3"), "v1.2.3", ""},
		{built("v1.2.3", commit), "v1.2.3", "0123456789ab"},
		{built("v1.2.3", commit, debug.BuildSetting{Key: "vcs.modified", Value: "false"}), "v1.2.3", "0123456789ab"},
		{built("v1.2.3", commit, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), "v1.2.3", "0123456789ab+changes"},
	} {
		if number, commit := buildOf(c.info); number != c.number || commit != c.commit {
			t.Errorf("%+v: got %q, %q, want %q, %q", c.info, number, commit, c.number, c.commit)
		}
	}
}
