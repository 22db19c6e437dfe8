package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"tracekit/transform/open"
)

// got is what is answered to a request, whose header has names and values in turn.
func got(t *testing.T, method, address string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(text)
}

// Beyond loopback it listens only where that is asked for, which warns, and it answers to the
// machine's addresses there, not to names that others have pointed at it.
func TestOpenBeyondLoopback(t *testing.T) {
	path := openTrace(t, t.TempDir(), "t.json")
	for _, c := range []struct {
		listen string
		beyond bool
	}{{"127.0.0.1:0", false}, {"localhost:0", false}, {"0.0.0.0:0", true}, {":0", true}} {
		t.Run(c.listen, func(t *testing.T) {
			o := opening(t, nil, "--listen", c.listen, path)
			o.data(&struct{}{})
			_, port, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(o.Address, "http://"), "/"), ":")
			if !strings.HasPrefix(o.Address, "http://127.0.0.1:") {
				t.Errorf("the address is %s", o.Address)
			}
			for host, want := range map[string]bool{"127.0.0.1": true, "localhost": true, "10.1.2.3": c.beyond, "rebound.example": false} {
				if a, _ := got(t, "GET", o.Address, "Host", host+":"+port); (a.StatusCode == http.StatusOK) != want {
					t.Errorf("as %s it answers with %d", host, a.StatusCode)
				}
			}
			for _, ip := range ownAddresses() {
				conn, err := net.DialTimeout("tcp", net.JoinHostPort(ip, port), time.Minute)
				if (err == nil) != c.beyond {
					t.Errorf("at %s: %v", ip, err)
				}
				if err == nil {
					conn.Close()
					if a, _ := got(t, "GET", "http://"+net.JoinHostPort(ip, port)+"/"); a.StatusCode != http.StatusOK {
						t.Errorf("as %s it answers with %d", ip, a.StatusCode)
					}
				}
			}
			o.end()
			warning := fmt.Sprintf("tracekit: warning: other machines reach %s, and nothing is encrypted", c.listen)
			if strings.Contains(o.stderr.String(), warning) != c.beyond {
				t.Errorf("it says\n%s", o.stderr)
			}
		})
	}
}

// ownAddresses are those of this machine that others may reach.
func ownAddresses() (ips []string) {
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		if n, is := a.(*net.IPNet); is && n.IP.To4() != nil && !n.IP.IsLoopback() {
			ips = append(ips, n.IP.String())
		}
	}
	return ips
}

// Over ssh, where no screen is near, the line that forwards the port is printed, and no browser
// is started. Else one is, with a code that is good for once.
func TestOpenStartsABrowser(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("xdg-open has its place taken")
	}
	dir := t.TempDir()
	path := openTrace(t, dir, "t.json")
	at := filepath.Join(dir, "at")
	script := fmt.Sprintf("#!/bin/sh\nprintf %%s \"$1\" >%s.part && mv %[1]s.part %[1]s\n", at)
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	for _, connection := range []string{"", "10.1.2.3 51000 10.9.8.7 22"} {
		t.Setenv("SSH_CONNECTION", connection)
		o := openingAnywhere(t, nil, path)
		o.data(&struct{}{})
		if connection == "" {
			var address []byte
			for len(address) == 0 && t.Context().Err() == nil {
				address, _ = os.ReadFile(at)
				time.Sleep(time.Millisecond)
			}
			at, code, _ := strings.Cut(string(address), "#")
			if at != o.Address || code == o.Token || code == "" {
				t.Errorf("the browser is sent to %s, not %s", address, o.Address)
			}
			for _, want := range []int{http.StatusOK, http.StatusForbidden} {
				if a, _ := got(t, "POST", o.Address+"api/session", open.TokenHeader, code); a.StatusCode != want {
					t.Errorf("the code is answered with %d, want %d", a.StatusCode, want)
				}
			}
		}
		o.end()
		if line := "  ssh -N -L "; strings.Contains(o.stderr.String(), line) != (connection != "") {
			t.Errorf("with SSH_CONNECTION=%q it says\n%s", connection, o.stderr)
		}
		if _, err := os.Stat(at); (err == nil) != (connection == "") {
			t.Errorf("with SSH_CONNECTION=%q a browser is started: %v", connection, err)
		}
		os.Remove(at)
	}
}

// What is larger than a page can hand over is fetched by the viewer from the one port that it may
// fetch from: the file as it is, of which nothing is read before.
func TestOpenLetsViewersFetchLargeFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no holes there unless that is asked for")
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+open.ProcessorPort)
	if err != nil {
		t.Skipf("something else listens at port %s: %v", open.ProcessorPort, err)
	}
	path := filepath.Join(t.TempDir(), "large.json")
	const size = open.MostHanded + 100<<20
	end := []byte("the end of it")
	f, err := os.Create(path)
	if err == nil {
		_, err = f.WriteString(`{"traceEvents":[`)
	}
	if err == nil {
		_, err = f.WriteAt(end, size-int64(len(end)))
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	var out, said bytes.Buffer
	code := run(t.Context(), []string{"tracekit", "open", "--no-browser", "--perfetto", path}, nil, &out, &said)
	l.Close()
	if code != exitFailed || !strings.Contains(said.String(), "port "+open.ProcessorPort) || out.Len() > 0 {
		t.Errorf("where the port is taken it ends with %d\n%s%s", code, &out, &said)
	}

	o := opening(t, nil, "--perfetto", path)
	piece, is := strings.CutPrefix(o.Address+"#"+o.Token, open.Perfetto+"/#!/?url=http%3A%2F%2F127.0.0.1%3A9001%2Fpiece%2F")
	name, file, _ := strings.Cut(piece, "%2F")
	if !is || len(name) < 30 || file != "large.json" {
		t.Fatalf("the address is %s#%s", o.Address, o.Token)
	}
	at := "http://127.0.0.1:" + open.ProcessorPort + "/piece/" + name + "/" + file
	from := size - int64(len(end))
	a, text := got(t, "GET", at, "Origin", open.Perfetto, "Range", fmt.Sprintf("bytes=%d-", from))
	if a.StatusCode != http.StatusPartialContent || text != string(end) || a.Header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", from, size-1, size) {
		t.Errorf("its end is answered with %d %q %q", a.StatusCode, text, a.Header.Get("Content-Range"))
	}
	if allowed := a.Header.Get("Access-Control-Allow-Origin"); allowed != open.Perfetto {
		t.Errorf("pages of %q may read it", allowed)
	}
	if a, _ := got(t, "HEAD", at, "Origin", open.Perfetto); a.ContentLength != size {
		t.Errorf("it has %d bytes, want %d", a.ContentLength, size)
	}
	for _, c := range []struct {
		method, address string
		header          []string
		want            int
	}{
		{"POST", "/status", []string{"Origin", open.Perfetto}, http.StatusNotFound},
		{"GET", "/", nil, http.StatusNotFound},
		{"GET", "/piece/" + name + "x/large.json", nil, http.StatusNotFound},
		{"GET", at[len("http://127.0.0.1:9001"):], []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"GET", at[len("http://127.0.0.1:9001"):], []string{"Host", "rebound.example:9001"}, http.StatusForbidden},
	} {
		if a, _ := got(t, c.method, "http://127.0.0.1:9001"+c.address, c.header...); a.StatusCode != c.want {
			t.Errorf("%s %s %q is answered with %d, want %d", c.method, c.address, c.header, a.StatusCode, c.want)
		}
	}
	o.end()
	if !strings.Contains(o.stderr.String(), "hint: 2.20 GB are more than a page can hand over, so ui.perfetto.dev fetches them: let it reach the local network when the browser asks") {
		t.Errorf("it says\n%s", o.stderr)
	}
}
