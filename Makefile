# SPDX-License-Identifier: GPL-2.0-only
# Everything a user or developer of scriptfs runs. The work is done by the scripts below tools/ and
# qemu/; each of them can be called on its own and says in its head what it does.

.DEFAULT_GOAL := help
.PHONY: help deps run test fresh soak kunit bench bench-check bench-baseline shell module series style
.PHONY: deb install uninstall clean

kdir = $(abspath $(or $(KDIR),/lib/modules/$(shell uname -r)/build))
prefix = $(or $(PREFIX),/usr/local)

# The kernel that a target is for, by its name in tools/build/kernel.sh
stock := $(filter-out 5.10,$(or $(K),$(KERNEL)))
kernel := $(or $(stock),base)
tested := $(or $(A),$(if $(V),$(V)$(addprefix -,$(stock)),$(kernel)))

help:		## this list
	@echo 'scriptfs: a RAM file system whose memory is already there'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | \
		awk -F'|' '{ printf "%-21s %s\n", $$1, $$2 }'
	@echo
	@echo '  KERNEL=6.1|6.12|newest   run, shell, bench, module: with that stock kernel of Debian, not v5.10'
	@echo '  make test K=KERNEL   all guest tests with it, 5.10 too'
	@echo '  make test T=NAME     guest tests by name, V=base|debug|atomic|kcsan, IO=block|page, K= too'
	@echo '  make test V=VARIANT  all guest tests on that v5.10 kernel and path; V=debug K=6.1|6.12'
	@echo '  make test A=arm64    the same on another architecture, emulated'
	@echo '  KERNEL_SRC=DIR       another v5.10 tree instead of the packaged one'
	@echo '  KERNEL_URL=URL       another v5.10.y tarball (file: too), with KERNEL_SHA256=SUM'

deps:		## install the packages that are missing (tools/build/packages)
	@tools/build/deps.sh $(A)

run: deps	## build, boot a guest, compare scriptfs with ramfs and tmpfs: out/run/
	@KERNEL=$(kernel) tools/bench/run.sh

test: deps	## every check: style, unit and guest tests, upstream selftests, instruction counts
	@tools/check/test.sh $(if $(T)$(V)$(A)$(K)$(KERNEL),guest $(tested) $(or $(IO),block) $(T))

fresh:		## T=run or T=test: that, in a root made from nothing but Debian's packages (as root)
	@tools/check/fresh.sh $(or $(T),test)

soak: deps	## all ways into a file's pages at once for MINUTES=10, then programs of Debian for as long; IO=, V=, K= too
	@tools/check/soak.sh $(or $(MINUTES),10) $(tested) $(or $(IO),block)

kunit: deps	## the KUnit tests under user-mode Linux
	@tools/check/kunit.sh

bench: deps	## measure on every bed of this machine: table, out/bench/report.html
	@KERNEL=$(kernel) tools/bench/bench.sh

bench-check: deps	## count instructions, compare with tools/bench/baseline.json
	@tools/bench/check.sh

bench-baseline: deps	## write tools/bench/baseline.json anew
	@tools/bench/check.sh -w

shell: deps	## a guest with scriptfs on /mnt and this directory on /host (leave: exit)
	@qemu/shell.sh $(kernel)

module:		## scriptfs.ko for a kernel: KERNEL=, or KDIR=its headers or build tree (default: the running one's)
	@tools/build/module.sh $(or $(stock),$(kdir))

deb:		## Debian packages of the module, for DKMS, and of the programs: out/deb/
	@tools/build/deb.sh

install:	## without DKMS: the module for KDIR=, scriptfs-bench, manual; PREFIX=/usr/local, DESTDIR=
	@tools/build/install.sh "$(prefix)" "$(DESTDIR)" $(kdir)

uninstall:	## remove what `make install` put there
	@tools/build/install.sh -r "$(prefix)" "$(DESTDIR)"

series: deps	## write the mailing-list series to out/series/v5.10/
	@tools/series/series.sh

style: deps	## checkpatch, sparse, W=1, shellcheck, clang-tidy
	@tools/check/style.sh

clean:		## remove out/ and this clone's build trees (not the downloaded source, not ccache)
	@tools/build/clean.sh
