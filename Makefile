GUARDFLAGS ?=

.PHONY: build test race lint cross docs man completions release release-twice bench bench-pairs microbench fuzz soak guard trace-5g clean

FUZZTIME ?= 1m
MINUTES ?= 20
BENCHFLAGS ?=
TMPDIR ?= /tmp
DIST ?= dist
VERSION ?= $(shell git describe --tags --always --abbrev=12 --dirty)

# As releases are built: without cgo, and without what the command-line library has to
# write Markdown, which takes a tenth of the time to start.
build:
	CGO_ENABLED=0 go build -trimpath -tags urfave_cli_no_docs -o bin/tracekit ./cmd/tracekit

test:
	go test ./...

race:
	go test -race -short -timeout 12m ./...

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go tool staticcheck ./...

# The page of info --html, used as a person does, in a browser that is taken from
# the system's packages if there is none.
.PHONY: test-browser
test-browser:
	command -v chromium || command -v chromium-browser || command -v google-chrome || \
	  { $$(command -v sudo) apt-get update && $$(command -v sudo) apt-get install -y --no-install-recommends chromium; }
	BROWSER=required go test ./transform/page -count 1 -v -run InABrowser

# The example for Slurm on a real one, of two nodes on this machine, which is taken from
# Debian's packages if there is none.
.PHONY: test-slurm
test-slurm:
	PATH="$$PATH:/usr/sbin"; command -v slurmctld && command -v slurmd && command -v sbatch && command -v munged || \
	  { $$(command -v sudo) apt-get update && $$(command -v sudo) apt-get install -y --no-install-recommends slurmctld slurmd slurm-client munge; }
	SLURM=required go test ./examples/slurm -count 1 -v

# All of it compiles, tests too, where it is not run.
cross:
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go vet ./...
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 go vet ./...
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go vet ./...

# What the verbs say of themselves, into the pages under docs/.
docs:
	go test ./cmd/tracekit -count 1 -run '^TestDocs|^TestFlagsPage' -update

man: build
	bin/tracekit man -o $(DIST)/docs/man

completions: build
	mkdir -p $(DIST)/docs/completions
	bin/tracekit completion bash > $(DIST)/docs/completions/tracekit.bash
	bin/tracekit completion zsh > $(DIST)/docs/completions/_tracekit
	bin/tracekit completion fish > $(DIST)/docs/completions/tracekit.fish
	bin/tracekit completion powershell > $(DIST)/docs/completions/tracekit.ps1

# Static programs for every system, packed with their documentation, and checksums. The
# same commit, Go and git make the same bytes: git gives all files the time of the commit,
# and nothing of this machine goes into a program.
TARGETS = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
LINK = -s -w -buildid= -X main.releaseVersion=$(VERSION) -X main.releaseCommit=$$(git rev-parse --short=12 HEAD)

release: man completions
	set -e; rm -f $(DIST)/*.tar.gz $(DIST)/*.zip; for target in $(TARGETS); do \
	  system=$${target%/*}; name=tracekit_$(VERSION:v%=%)_$${system}_$${target#*/}; \
	  case $$system in windows) program=tracekit.exe format=zip;; *) program=tracekit format=tar.gz;; esac; \
	  mkdir -p $(DIST)/build/$$target; \
	  CGO_ENABLED=0 GOFLAGS= GOEXPERIMENT= GOAMD64=v1 GOARM64=v8.0 GOOS=$$system GOARCH=$${target#*/} go build \
	    -trimpath -tags urfave_cli_no_docs -buildvcs=false -ldflags "$(LINK)" -o $(DIST)/build/$$target/$$program ./cmd/tracekit; \
	  TZ=UTC git -c tar.umask=022 archive --format=$$format --prefix=$$name/ -o $(DIST)/$$name.$$format --add-file=$(DIST)/build/$$target/$$program \
	    $$(cd $(DIST)/docs && find . -type f | LC_ALL=C sort | sed "s|^\./\(.*/\)\([^/]*\)$$|--prefix=$$name/\1 --add-file=$(DIST)/docs/\1\2|") \
	    --prefix=$$name/ HEAD README.md LICENSE CHANGELOG.md; \
	done; cd $(DIST) && sha256sum *.tar.gz *.zip > SHA256SUMS

# The proof: two clones in different places, each with a cache of its own.
release-twice:
	for n in 1 2; do \
	  rm -rf $(TMPDIR)/release-$$n && git clone -q . $(TMPDIR)/release-$$n/tracekit-$$n && \
	  GOCACHE=$(TMPDIR)/release-$$n/cache $(MAKE) -C $(TMPDIR)/release-$$n/tracekit-$$n release || exit 1; \
	done
	cmp $(TMPDIR)/release-1/tracekit-1/dist/SHA256SUMS $(TMPDIR)/release-2/tracekit-2/dist/SHA256SUMS
	rm -rf $(TMPDIR)/release-1 $(TMPDIR)/release-2

# tracekit against other tools, into docs/performance.md. BENCHFLAGS='-size 1500'
# takes larger ones, '-real FILE' another recorded trace.
bench: build
	go run ./cmd/bench -o docs/performance.md $(BENCHFLAGS)

# tracekit as it is against tracekit as it was, in pairs of runs; it fails if the median
# of a row is more than 1.05 times as long. BENCHFLAGS='-size 50 -pairs 5' is quick.
bench-pairs: build
	go run ./cmd/bench -pairs 20 -size 200 $(BENCHFLAGS)

# Parts of it, in a form that benchstat compares.
microbench:
	go test -run '^$$' -bench . -benchmem -count 6 ./...

# Bounds of memory and of pieces at the sizes that are promised, which take long.
.PHONY: test-full
test-full:
	go test ./cmd/tracekit -count 1 -timeout 1h -run 'TestHostileTracesStayWithinBounds' -full
	go test ./cmd/tracekit -count 1 -timeout 1h -run 'TestOpenInABrowser' -full
	go test ./cmd/tracekit -count 1 -timeout 1h -run 'TestInterface|TestRangesByAnIndex|TestTwiceAsMuch|TestDamageIsCounted' -all
	go test ./transform/split -count 1 -timeout 1h -run 'TestPiecesKeepTheirBound' -threads 100000
	go test ./trace -count 1 -timeout 1h -run 'TestDamageIsReadTheSame' -rounds 1000000
	go build -o bin/tracekit ./cmd/tracekit && go run ./internal/testkit/soak -damaged 10000 testdata/*.json.gz

# Each fuzz target of the tree in turn.
fuzz:
	@grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do \
	  for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9]*).*/\1/p' "$$file"); do \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x "$$(dirname "$$file")" || exit 1; \
	  done; \
	done

# Every verb with random flags, over the traces of testdata and others that it
# makes, each run judged, until the minutes are up. TRACES='FILE…' adds some.
soak: build
	go run ./internal/testkit/soak -for $(MINUTES)m testdata/*.json.gz testdata/perfetto-cases/*.json $(TRACES)

# Every verb and flag over all inputs, as the program was and as it is now: what comes
# out must be the same, or be listed under internal/testkit/guard/meant. GUARDFLAGS='-short' takes
# a sample, '-ways all' all of it in every way; '-call strip -input "cases/*"' some of it.
guard:
	go run ./internal/testkit/guard $(GUARDFLAGS)

# Traces before and after downsample as a viewer draws them, into docs/pictures. BIG is a
# large one, such as trace-5g makes; without it its picture stays. The page of open, which takes a
# browser.
.PHONY: pictures
BIG ?= $(TMPDIR)/trace-5g.json.gz
pictures: build
	for f in vllm_decode_one_step indent2_overlay_flows; do \
	  bin/tracekit downsample --target-size 100kB -o $(TMPDIR)/picture.json testdata/$$f.json.gz && \
	  go run ./internal/testkit/picture -o docs/pictures/downsample-$$f.png testdata/$$f.json.gz $(TMPDIR)/picture.json || exit 1; \
	done
	test ! -e $(BIG) || { bin/tracekit downsample --target-size 200MB -o $(TMPDIR)/picture.json.gz $(BIG) && \
	  go run ./internal/testkit/picture -o docs/pictures/downsample-big.png $(BIG) $(TMPDIR)/picture.json.gz; }
	rm -f $(TMPDIR)/picture.json $(TMPDIR)/picture.json.gz
	PAGES=$(CURDIR)/docs/pictures go test ./cmd/tracekit -count 1 -run TestOpenPictures

# A vLLM trace of 5 GB of JSON with Python stacks, for measurements.
trace-5g:
	go run ./internal/testkit/tracegen/cmd -python -hardware -size 5GB -gzip-level 6 -o $(TMPDIR)/trace-5g.json.gz

clean:
	rm -rf bin $(DIST)
