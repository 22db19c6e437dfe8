package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strings"

	"tracekit/internal/term"
	"tracekit/transform/open"
)

// announce prints the address, and opens it in a browser unless it is not wanted.
func (o *opener) announce(made *open.Made) error {
	host, port, err := net.SplitHostPort(o.listen.Addr().String())
	if err != nil {
		return err
	}
	beyond := !net.ParseIP(host).IsLoopback()
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	at := "http://" + net.JoinHostPort(host, port) + "/#"
	shown, opened := at+o.server.Token(), at+o.server.Code()
	if o.isLarge(made) {
		shown, port = o.server.Fetching(made), open.ProcessorPort
		opened = shown
	}
	if _, err := fmt.Fprintln(o.std.out, shown); err != nil {
		return writeError(err)
	}
	say := func(format string, args ...any) {
		if !o.Bool("quiet") {
			fmt.Fprintf(o.std.err, format+"\n", args...)
		}
	}
	if o.isLarge(made) {
		say("hint: %s are more than a page can hand over, so %s fetches them: let it reach the local network when the browser asks", term.Bytes(made.Bytes), o.viewer.Host)
	}
	if beyond {
		fmt.Fprintf(o.std.err, "tracekit: warning: other machines reach %s, and nothing is encrypted: whoever has the address sees the trace\n", o.String("listen"))
	}
	remote := os.Getenv("SSH_CONNECTION")
	screen := os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
	switch {
	case remote != "" && !screen:
		say("hint: over ssh, run this on the machine with the browser, and open the address there:\n  %s", forwarding(remote, port))
	case !o.Bool("no-browser"):
		if err := startBrowser(opened); err != nil {
			say("hint: no browser could be started (%v): open the address in one", err)
		}
	}
	if !beyond && inContainer() {
		say("hint: in a container, use --listen 0.0.0.0:8080 and publish that port, so that a browser outside can connect")
	}
	say("open: ^C ends it, and an hour without a request does")
	return nil
}

// forwarding is the command that makes the port of this machine one of the machine that
// an ssh connection comes from: client's address and port, server's address and port.
func forwarding(connection, port string) string {
	host, from := "HOST", ""
	if f := strings.Fields(connection); len(f) == 4 {
		if host = f[2]; f[3] != "22" {
			from = " -p " + f[3]
		}
	}
	name := ""
	if u, err := user.Current(); err == nil {
		name = u.Username + "@"
	}
	return fmt.Sprintf("ssh -N%s -L %s:127.0.0.1:%[2]s %s%s", from, port, name, host)
}

// inContainer reports whether this process seems to run in a container.
func inContainer() bool {
	return isFile("/.dockerenv") || isFile("/run/.containerenv")
}

// startBrowser opens an address as the system does.
func startBrowser(address string) error {
	words := []string{"xdg-open", address}
	switch runtime.GOOS {
	case "darwin":
		words[0] = "open"
	case "windows":
		words = []string{"rundll32", "url.dll,FileProtocolHandler", address} // start, without a shell that reads the address
	}
	cmd := exec.Command(words[0], words[1:]...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait()
	return nil
}
