#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# soak.sh MINUTES VARIANT block|page: run for minutes instead of seconds churn, the guest test that
# mixes everything and compares it with a model, and stranded, which fills and empties mounts at random.
. "$(dirname "$0")/../build/lib.sh"

[[ ${1:-} =~ ^[1-9][0-9]*$ ]] || die "usage: soak.sh MINUTES VARIANT block|page"
seconds=$((60 * $1))
# stranded takes about a minute at scale 1.
export GUEST_ARGS="SCRIPTFS_SOAK=$seconds SCRIPTFS_TIMEOUT=$((seconds + 600)) guest.scale=$1"
export TEST_TIMEOUT=$((seconds + 1800))
exec "$top/tools/check/test.sh" guest "$2" "$3" churn stranded
