package main

import (
	"errors"
	"regexp"

	"tracekit/transform/requests"

	"github.com/urfave/cli/v2"
)

// requestFlags say where requests are known from.
func requestFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "requests", Usage: "requests with their id, start and end, of `FILE`: CSV, JSON lines or an OpenTelemetry export in JSON"},
		&cli.StringSliceFlag{Name: "request-key", Usage: "an id of a request stands in the args as `KEY`; may be given again"},
		&cli.StringFlag{Name: "request-pattern", Usage: "an id of a request stands in names where `REGEX` has its group id, such as 'Req (?P<id>\\w+)'"},
	}
}

// requestsOf reads those flags, and the file that they name.
func requestsOf(c *cli.Context, std streams) (o requests.Options, err error) {
	if o.Marker, err = markerOf(c); err != nil {
		return o, err
	}
	o.Collect.Keys = c.StringSlice("request-key")
	if c.IsSet("request-pattern") {
		if o.Collect.Pattern, err = regexp.Compile(c.String("request-pattern")); err != nil {
			return o, usage("--request-pattern: %v", err)
		}
	}
	if c.IsSet("requests") {
		o.Records, err = readRequests(std, c.String("requests"), requests.FileOptions{Keys: o.Collect.Keys})
	}
	return o, err
}

// requestError adds to an error of requests what to do about it.
func requestError(err error) error {
	switch {
	case errors.Is(err, requests.ErrUnknown):
		return hint(err, "tracekit split --by request --dry-run lists all of them")
	case errors.Is(err, requests.ErrNoBatches):
		return hint(err, "--requests FILE tells when each ran, --request-key or --request-pattern where their ids stand")
	}
	return err
}
