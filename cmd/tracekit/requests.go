package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"tracekit/filter"
	"tracekit/transform/requests"

	"github.com/urfave/cli/v2"
)

// requestFlags say where requests are known from.
func requestFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "requests", Usage: "read requests, with id, start and end, from `FILE`: CSV, JSON lines, an OpenTelemetry export in JSON, or a result of vllm bench serve"},
		&cli.StringSliceFlag{Name: "request-key", Usage: "the id of a request is in args as `KEY`; may be repeated"},
		&cli.StringFlag{Name: "request-by", Usage: "the `FIELD` that identifies a request: tid, thread, process, name, id, args.NAME or another field of expressions"},
		&cli.StringFlag{Name: "request-pattern", Usage: "take the id of a request from event names, or from the field of --request-by: the group id of `REGEX`, such as 'Req (?P<id>\\w+)'"},
	}
}

// needsRequest fails if flags say where requests are known from, and no request is asked for.
func needsRequest(c *cli.Context) error {
	for _, f := range requestFlags() {
		if name := f.Names()[0]; c.IsSet(name) && !c.IsSet("request") {
			return usage("--%s goes with --request", name)
		}
	}
	return nil
}

const requestTimes = "docs/split.md has the columns and units of files of requests, with examples of an access log and a benchmark"

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
	if c.IsSet("request-by") {
		by := c.String("request-by")
		if o.Collect.By, err = filter.ParseValue(by); err != nil {
			return o, hint(usage("--request-by %q: %v", by, err), "a field of expressions, such as tid, thread, name or args.job.id")
		}
		if !o.Collect.By.IsText() {
			return o, usage("--request-by %s: it names nothing", by)
		}
	}
	if c.IsSet("requests") {
		o.Records, err = readRequests(c, std, c.String("requests"), requests.FileOptions{Keys: o.Collect.Keys})
	}
	return o, err
}

// requestError adds to an error of requests what to do about it.
func requestError(err error) error {
	var none *requests.NoneError
	switch {
	case errors.As(err, &none):
		lines := "--request-key KEY says which args have their ids, --request-pattern REGEX where these stand in names,\n" +
			"--request-by FIELD what else is another for each, such as tid, and --requests FILE when each ran"
		if len(none.Threads) > 0 {
			lines = fmt.Sprintf("threads are called %s: if each is a request, say --request-by tid\n%s", strings.Join(none.Threads, ", "), lines)
		}
		return hint(err, "%s", lines)
	case errors.Is(err, requests.ErrTime):
		return hint(err, requestTimes)
	case errors.Is(err, requests.ErrUnknown):
		return hint(err, "tracekit split --by request --dry-run lists all of them")
	case errors.Is(err, requests.ErrNoBatches):
		return hint(err, "--requests FILE has when each ran, --request-key or --request-pattern say where their ids are")
	}
	return err
}
