# SPDX-License-Identifier: GPL-2.0-only
# tuntests: conformance suite for Linux TUN/TAP. `make help` lists the targets.

CC	?= gcc
ifeq ($(origin CC),default)
CC	:= gcc
endif
B	:= build
PKGS	:= libmnl jansson libxml-2.0
ARGS	?=

CFLAGS	?= -O2 -g
# Expectations compare integers of any two types, as kselftest_harness.h does.
WARN	:= -Wall -Wextra -Werror -Wno-sign-compare -Wstrict-prototypes -Wmissing-prototypes \
	   -Wmissing-declarations -Wold-style-definition
# PIC: the mutators of the fuzz targets are shared objects, of the same object files as all else.
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -I. $(WARN) $(CFLAGS) -fPIC -fno-semantic-interposition -pthread -MMD -MP \
	   $(shell pkg-config --cflags $(PKGS))
LIBS	 = $(shell pkg-config --libs $(PKGS)) -pthread

ROOMS	:= harness netns device
rooms	:= $(patsubst %.c,$(B)/%.o,$(wildcard $(ROOMS:=/*.c)))
core	:= $(rooms) $(patsubst %.c,$(B)/%.o,$(wildcard cli/*.c)) $(B)/fuzz/engine/recording.o
suite	:= $(patsubst %.c,$(B)/%.o,$(wildcard selftests/*.c))
unit	:= $(patsubst %.c,$(B)/%.o,$(wildcard $(ROOMS:=/test/*.c)))
# The tests that misbehave on purpose are a program of their own.
demo	:= $(B)/harness/test/demo.o
unit	:= $(filter-out $(demo),$(unit))

# All processors, unless the caller has said how many.
jobs	 = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
# V=1 shows the commands.
Q	:= $(if $(V),,@)
say	 = $(if $(V),,@echo '  $(1)	$@')

.PHONY: all check test matrix catalogue bench setup setup-test new install clean help corpus fuzz fuzz-coverage fuzz-programs hunt guards mutants coverage
all: $(B)/tuntests

# The compiler and flags used last: another choice rebuilds everything.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS)' > $@
.PHONY: FORCE

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# These are embedded, and so is the beginning of the programs that the model writes.
$(B)/cli/matrix.o: cli/matrix.html
$(B)/cli/catalogue.o: docs/catalogue.json
$(B)/cli/dashboard.o: cli/dashboard.html
$(B)/device/lockstep_shrink.o: device/op_program.h
$(B)/fuzz/engine/program.o: fuzz/targets/program.h
$(patsubst %/program.h,$(B)/%/target.o,$(wildcard fuzz/targets/*/program.h)): $(B)/%/target.o: %/program.h
$(B)/fuzz/targets/tx_read/target.o: fuzz/targets/tx_read/flow.h
$(B)/fuzz/targets/macvtap/target.o: fuzz/targets/macvtap/query.h

$(B)/tuntests: $(core) $(suite)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(B)/unit: $(core) $(unit)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(B)/demo: $(filter $(B)/harness/% $(B)/cli/% $(B)/fuzz/%,$(core)) $(demo)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# A program for each fuzz target and engine; without an engine it replays inputs. Those of libFuzzer and
# AFL++ are made where these are installed. What stands in fuzz/targets is for all targets, what stands in
# the folder of one there is its own.
targets	:= filters frame_write ioctl_sequence macvtap napi_frags queues tx_read vhost vnet_write
fuzz	:= $(rooms) $(patsubst %.c,$(B)/%.o,$(wildcard fuzz/coverage/*.c fuzz/targets/*.c) \
	   $(addprefix fuzz/engine/,abi.c engine.c leak.c program.c recorder.c recording.c))
# A clang that has libFuzzer in its run-time library.
ifeq ($(origin FUZZ_CC),undefined)
fuzzer	 = $(wildcard $(shell $(1) -print-resource-dir 2>/dev/null)/lib/*/libclang_rt.fuzzer*)
FUZZ_CC	:= $(firstword $(foreach cc,clang-19 clang clang-14,$(if $(call fuzzer,$(cc)),$(cc))))
endif
AFL_RT	?= $(firstword $(wildcard /usr/lib/afl/afl-compiler-rt.o /usr/local/lib/afl/afl-compiler-rt.o))

own	 = $(patsubst %.c,$(B)/%.o,$(wildcard fuzz/targets/$(1)/*.c))

.SECONDEXPANSION:
$(targets:%=$(B)/fuzz/%-replay): $(B)/fuzz/%-replay: $(fuzz) $$(call own,$$*) $(patsubst %,$(B)/fuzz/engine/%.o,replay dictionary measure shrink)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(targets:%=$(B)/fuzz/%-afl): $(B)/fuzz/%-afl: $(fuzz) $$(call own,$$*) $(B)/fuzz/engine/afl.o $(B)/fuzz/engine/afl_cmplog.o
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(AFL_RT) $(LIBS)
$(targets:%=$(B)/fuzz/%-mutator.so): $(B)/fuzz/%-mutator.so: $(fuzz) $$(call own,$$*) $(B)/fuzz/engine/afl_mutator.o
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-Bsymbolic,-z,defs -o $@ $^ $(LIBS)
$(targets:%=$(B)/fuzz/%): $(B)/fuzz/%: $(fuzz) $$(call own,$$*) $(patsubst %,$(B)/fuzz/engine/%.o,libfuzzer clock alarm)
	$(call say,LD)
	$(Q)$(or $(FUZZ_CC),$(error no clang with libFuzzer (clang-19 and libclang-rt-19-dev))) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)
fuzz-programs: $(targets:%=$(B)/fuzz/%-replay) $(if $(FUZZ_CC),$(targets:%=$(B)/fuzz/%)) \
	$(if $(AFL_RT),$(foreach program,afl mutator.so,$(targets:%=$(B)/fuzz/%-$(program))))

# What changes the drivers, where libclang is installed.
LIBCLANG ?= $(patsubst %/include/clang-c/Index.h,%,$(firstword $(foreach v,19 20 21 18 17,$(wildcard /usr/lib/llvm-$(v)/include/clang-c/Index.h))))
mutate	:= $(patsubst %.c,$(B)/%.o,$(wildcard mutants/*.c))
$(mutate): private ALL_CFLAGS += -I$(LIBCLANG)/include
$(B)/mutate: $(mutate)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -L$(or $(LIBCLANG),$(error no libclang (libclang-19-dev)))/lib -lclang

# Objects that only pattern rules name are kept, too.
.SECONDARY:

-include $(shell find $(B) -name '*.d' 2>/dev/null)

check: setup ## run the conformance suite on the running kernel (ARGS="-j 1 'open.*'")
	@$(MAKE) --no-print-directory $(jobs) all
	@cli/check $(B)/tuntests $(ARGS)

test: setup-test ## the project's own tests
	@$(MAKE) --no-print-directory $(jobs) $(B)/tuntests $(B)/unit $(B)/demo $(if $(LIBCLANG),$(B)/mutate)
	@cli/selftest $(TESTS)

# The kernels of docs/matrix.html.
MATRIX	?= running uml-debian uml-kasan debian-6.1-cloud debian-6.12-cloud debian-6.12-rt
matrix: all ## the suite on several kernels, as a page (MATRIX="running uml-debian")
	$(B)/tuntests matrix $(MATRIX)
	cp results/matrix/matrix.html results/matrix/matrix.json docs/

catalogue: all ## docs/catalogue.md: what the driver does, and the tests of each behaviour
	$(B)/tuntests catalogue > $(B)/catalogue.md
	mv $(B)/catalogue.md docs/

TARGET	?= vnet_write
TIME	?= 60
fuzz: all fuzz-programs ## a fuzzing campaign in a guest kernel (TARGET=vnet_write TIME=60)
	$(B)/tuntests fuzz --resume --time $(TIME) $(ARGS) $(TARGET)

coverage: all ## what of the drivers the suite covers, and which test what (results/coverage; ARGS="-j 1 'open.*'")
	@cli/coverage_suite $(ARGS)

fuzz-coverage: all fuzz-programs ## what of the drivers all fuzz targets cover in TIME seconds each (results/coverage)
	@cli/coverage_fuzz -t $(TIME) results/coverage

mutants: all $(B)/mutate ## small changes of the drivers, and how many the suite sees (ARGS="-n 100 -j 2")
	@mutants/score $(ARGS)

hunt: all fuzz-programs ## old bugs of the drivers, and how soon the targets find them (ARGS="-r 5 stale_queue")
	@mutants/hunt $(ARGS)

guards: all ## old bugs of the drivers, and whether the test of each sees it (ARGS=stale_queue)
	@mutants/guards $(ARGS)

corpus: fuzz-programs ## corpus/seeds, as the targets make them
	rm -rf corpus/seeds
	for target in $(targets); do \
		mkdir -p corpus/seeds/$$target && $(B)/fuzz/$$target-replay --seeds corpus/seeds/$$target || exit; \
	done

bench: all fuzz-programs ## wall time of the suite, parallel against one at a time; how fast the fuzz targets are
	@cli/bench $(B)/tuntests
	@cli/bench_fuzz $(B)/fuzz

setup: ## install the packages that are missing (root), or print the line that does
	@cli/setup packages.txt
setup-test:
	@cli/setup packages.txt packages-test.txt

new: ## write the template of a test: make new TEST=area.name
	@cli/new "$(TEST)"

PREFIX	?= /usr/local
# The kernel's own `make -C tools/testing/selftests install` may have filled it before: its list is kept.
KSELFTEST ?= $(PREFIX)/libexec/kselftest
ksft	 = $(DESTDIR)$(KSELFTEST)
# Of the fuzz targets those that were built.
built	:= $(wildcard $(foreach suffix,replay afl mutator.so,$(targets:%=$(B)/fuzz/%-$(suffix))) $(targets:%=$(B)/fuzz/%))
install: all $(built) ## the program, the fuzz programs that were built, its manual page and a kselftest-style list
	install -D -m 755 $(B)/tuntests $(DESTDIR)$(PREFIX)/bin/tuntests
	install -D -m 644 cli/tuntests.1 $(DESTDIR)$(PREFIX)/share/man/man1/tuntests.1
	install -D -m 755 -t $(ksft)/tuntests cli/run_tuntests
	echo timeout=1800 > $(ksft)/tuntests/settings
	grep -qsx tuntests:run_tuntests $(ksft)/kselftest-list.txt || \
		echo tuntests:run_tuntests >> $(ksft)/kselftest-list.txt
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/tuntests/baselines results/baselines/*.json
	install -D -t $(DESTDIR)$(PREFIX)/libexec/tuntests/guest $(filter-out guest/config guest/test,$(wildcard guest/*))
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/libexec/tuntests/guest/config $(wildcard guest/config/*)
	$(if $(built),install -D -m 755 -t $(DESTDIR)$(PREFIX)/libexec/tuntests/fuzz $(built))

clean: ## remove build/
	rm -rf $(B)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24
