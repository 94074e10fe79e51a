#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# soak.sh MINUTES VARIANT block|page: run for minutes instead of seconds churn, the guest test that mixes
# everything and compares it with a model, and stranded, which fills and empties mounts at random; then, for
# as long again, have programs of Debian work, on 6.1 if that is the variant and on 6.12 otherwise.
. "$(dirname "$0")/../build/lib.sh"

[[ ${1:-} =~ ^[1-9][0-9]*$ ]] || die "usage: soak.sh MINUTES VARIANT block|page"
minutes=$1 variant=${2:-} io=${3:-}
stock=6.12 failed=0
[[ $variant != *6.1 ]] || stock=6.1
seconds=$((60 * minutes))
# stranded takes about a minute at scale 1.
GUEST_ARGS="SCRIPTFS_SOAK=$seconds SCRIPTFS_TIMEOUT=$((seconds + 600)) guest.scale=$minutes" \
	TEST_TIMEOUT=$((seconds + 1800)) \
	"$top/tools/check/test.sh" guest "$variant" "$io" churn stranded || failed=1
"$top/tools/check/programs.sh" "$minutes" "$stock" "$io" || failed=1
exit "$failed"
