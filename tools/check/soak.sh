#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# soak.sh MINUTES base|debug block|page: run churn, the guest test that mixes everything and compares it
# with a model (tools/testing/selftests/scriptfs/churn.c), for minutes instead of seconds.
. "$(dirname "$0")/../build/lib.sh"

[[ ${1:-} =~ ^[1-9][0-9]*$ ]] || die "usage: soak.sh MINUTES base|debug block|page"
seconds=$((60 * $1))
export GUEST_ARGS="SCRIPTFS_SOAK=$seconds SCRIPTFS_TIMEOUT=$((seconds + 600))"
export TEST_TIMEOUT=$((seconds + 1800))
exec "$top/tools/check/test.sh" guest "$2" "$3" churn
