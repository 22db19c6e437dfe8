package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/far"
)

// startNginx serves a folder by nginx, from anywhere under /ranges/ and as one stream under
// /stream/.
func startNginx(t *testing.T, root string) (at string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			t.Skip("nginx is not installed")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	config := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events {}
http {
  access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server { listen %[2]s; location /ranges/ { alias %[3]s/; } location /stream/ { alias %[3]s/; max_ranges 0; } }
}
`, dir, address, root)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program, "-p", dir, "-e", filepath.Join(dir, "start.log"), "-c", file)
	if err := server.Start(); err != nil {
		t.Skipf("nginx does not start: %v", err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	for range 200 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return "http://" + address
		}
		time.Sleep(25 * time.Millisecond)
	}
	said, _ := os.ReadFile(filepath.Join(dir, "error.log"))
	t.Fatalf("nginx does not answer: %s", said)
	return ""
}

// What comes out is the same by way of nginx, with ranges and without, with an index and without.
func TestFarByNginx(t *testing.T) {
	far.Alone(t)
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	at := startNginx(t, root)
	text := made(t, 1_500_000)
	for _, name := range []string{"t.json.gz", "t.json"} {
		for _, each := range []string{name, besideOf(name)} {
			if err := os.WriteFile(filepath.Join(root, each), packedBy(t, text, name), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		verbs := verbsFromFar
		if testing.Short() || name == "t.json" {
			verbs = []string{"slice --from 40% --to 45% FILE", "strip --python FILE", "report --json --from 40% --to 45% FILE", "info --json FILE", "repair FILE"}
		}
		for _, indexed := range []bool{false, true} {
			if indexed {
				if p := called("", "index", "-q", filepath.Join(root, name)); p.status != exitDone {
					t.Fatal(p.err)
				}
			}
			for _, verb := range verbs {
				want := madeOf(t, root+"/", name, verb)
				if want.status == exitFailed || want.status == exitUsage {
					t.Errorf("%s: status %d: %s", verb, want.status, want.err)
				}
				for _, kind := range []string{"/ranges/", "/stream/"} {
					got := madeOf(t, at+kind, name, verb)
					if got.status != want.status || got.out != want.out {
						t.Errorf("%s%s%s, indexed %v, %s: status %d and %d bytes, not %d: %s", at, kind, name, indexed, verb, got.status, len(got.out), len(want.out), got.err)
					}
					cmptest.Same(t, verb+": files", want.files, got.files)
				}
			}
		}
	}
}
