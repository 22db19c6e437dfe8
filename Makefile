.PHONY: build test race lint bench microbench fuzz trace-5g clean

FUZZTIME ?= 30s
BENCHFLAGS ?=
TMPDIR ?= /tmp

build:
	go build -trimpath -o bin/tracekit ./cmd/tracekit

test:
	go test ./...

race:
	go test -race -short -timeout 12m ./...

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go tool staticcheck ./...

# tracekit against other tools, into docs/performance.md. BENCHFLAGS='-size 1500'
# takes larger ones, '-real FILE' another recorded trace.
bench: build
	go run ./cmd/bench -o docs/performance.md $(BENCHFLAGS)

# Parts of it, in a form that benchstat compares.
microbench:
	go test -run '^$$' -bench . -benchmem -count 6 ./...

# Each fuzz target of the tree in turn.
fuzz:
	@grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do \
	  for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9]*).*/\1/p' "$$file"); do \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" || exit 1; \
	  done; \
	done

# A vLLM trace of 5 GB of JSON with Python stacks, for measurements.
trace-5g:
	go run ./internal/tracegen/cmd -python -hardware -size 5GB -gzip-level 6 -o $(TMPDIR)/trace-5g.json.gz

clean:
	rm -rf bin
