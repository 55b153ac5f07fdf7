# The front door: each target installs the packages it needs and drives CMake.
#
#   make                    build/headroom, for this machine
#   make run                build, then measure (RUN="standard --dir /data" says what)
#   make check              every test; ends with CTest's closing line
#   make bundle             dist/headroom-VERSION-linux-HOST.tar.gz (ARCH="80 90a": which GPUs;
#                           HOST=aarch64 ARCH=121: for a DGX Spark)
#   make install PREFIX=    program, man page, completions (default /usr/local; DESTDIR is kept)
#   make format | tidy | coverage | check-arm | fuzz | clean
RUN ?= quick
PREFIX ?= /usr/local
ARCH ?= 75 80 86 89 90 100 120 121
HOST ?= $(shell uname -m)
FUZZ_SECONDS ?= 60

packages = @tools/install-packages
space := $(subst ,, )
arch_list = $(subst $(space),;,$(strip $(ARCH)))

all:
	$(packages) build
	@tools/build default -- headroom

run:
	$(packages) run
	@tools/build default -- headroom
	build/headroom run $(RUN)

check:
	$(packages) check
	@tools/build dev
	@ctest --test-dir build-dev --output-on-failure --no-label-summary \
	    --parallel $$(nproc)

bundle:
	$(packages) bundle $(if $(filter $(shell uname -m),$(HOST)),,check-arm)
	@HOST="$(HOST)" tools/bundle "$(arch_list)"

install:
	$(packages) install
	@tools/build default -- installable
	@cmake --install build --prefix "$(PREFIX)"

format:
	$(packages) format
	@tools/format

tidy:
	$(packages) tidy
	@tools/tidy

coverage:
	$(packages) coverage
	@tools/coverage

check-arm:
	$(packages) check-arm
	@tools/check-arm

fuzz:
	$(packages) fuzz
	@tools/fuzz $(FUZZ_SECONDS)

clean:
	rm -rf build build-* dist

.PHONY: all run check bundle install format tidy coverage check-arm fuzz clean
