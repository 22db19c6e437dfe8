// Package opened speaks to a server of tracekit open, as its page does: [At] the address
// that it prints, [Server.Ask] anything.
package opened

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Server is one that listens.
type Server struct {
	Address string // without what is behind #
	Token   string
}

// At returns the server whose address was printed.
func At(line string) Server {
	address, token, _ := strings.Cut(strings.TrimSpace(line), "#")
	return Server{address, token}
}

// Ask asks for a path with the token.
func (s Server) Ask(ctx context.Context, method, path, body string) (status int, text []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(s.Address, "/")+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("X-Tracekit-Token", s.Token)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer a.Body.Close()
	text, err = io.ReadAll(a.Body)
	return a.StatusCode, text, err
}

// Page waits until all of the trace was read, and returns the JSON that is drawn. It fails
// if the trace can't be read.
func (s Server) Page(ctx context.Context) ([]byte, error) {
	for version := -1; ; {
		status, text, err := s.Ask(ctx, "GET", fmt.Sprint("/api/state?version=", version), "")
		if err != nil {
			return nil, err
		}
		head, data, _ := bytes.Cut(text, []byte("\n"))
		var now struct {
			Version int
			Ended   bool
			Error   string
		}
		if err := json.Unmarshal(head, &now); err != nil || status != http.StatusOK {
			return nil, fmt.Errorf("%d: %.300s", status, text)
		}
		switch {
		case now.Error != "":
			return nil, errors.New(now.Error)
		case now.Ended && len(data) > 0:
			return data, nil
		case now.Ended:
			version = -1
		default:
			version = now.Version
		}
	}
}

// Cut makes a piece and returns its bytes.
func (s Server) Cut(ctx context.Context, body string) ([]byte, error) {
	status, text, err := s.Ask(ctx, "POST", "/api/cut", body)
	if err != nil {
		return nil, err
	}
	var made struct{ URL string }
	if status != http.StatusOK || json.Unmarshal(text, &made) != nil {
		return nil, fmt.Errorf("%s is answered with %d: %s", body, status, text)
	}
	_, piece, err := s.Ask(ctx, "GET", made.URL, "")
	return piece, err
}
