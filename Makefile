# The front door: each target installs the packages it needs and drives CMake.
#
#   make                    build/headroom, for this machine
#   make run                build, then measure (RUN="standard --dir /data" says what)
#   make check              every test; ends with CTest's closing line
#   make install PREFIX=    program, man page, completions (default /usr/local; DESTDIR is kept)
#   make format | tidy | check-arm | clean
RUN ?= quick
PREFIX ?= /usr/local

packages = @tools/install-packages

all:
	$(packages) build
	@tools/build default

run:
	$(packages) run
	@tools/build default
	build/headroom run $(RUN)

check:
	$(packages) check
	@tools/build dev
	@ctest --test-dir build-dev --output-on-failure --parallel $$(nproc)

install:
	$(packages) install
	@tools/build default
	@cmake --install build --prefix "$(PREFIX)"

format:
	$(packages) format
	@tools/format

tidy:
	$(packages) tidy
	@tools/tidy

check-arm:
	$(packages) check-arm
	@tools/check-arm

clean:
	rm -rf build build-* dist

.PHONY: all run check install format tidy check-arm clean
