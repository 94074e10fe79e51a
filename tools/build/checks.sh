# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by scripts that check something: lib.sh, and how a check reports. The caller ends with
# `exit "$failed"`.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck disable=SC2034 # for the scripts that source this
failed=0

# check NAME COMMAND...: print ok if the command succeeds. Its output goes to out/log/NAME.log; after a
# failure the last lines are printed too.
check()
{
	local name=$1 log begin=$SECONDS rc

	shift
	log=$out/log/$(tr -cs 'A-Za-z0-9._\n' '-' <<<"$name").log
	# Not in a condition, where a function would go on after an error
	set +e
	(
		set -e
		"$@"
	) >"$log" 2>&1 </dev/null
	rc=$?
	set -e
	if [ "$rc" -eq 0 ]; then
		echo "ok - $name ($((SECONDS - begin)) s)"
	else
		echo "not ok - $name"
		tail -n 20 "$log" | sed 's/^/#   /'
		echo "#   log: $log"
		# shellcheck disable=SC2034
		failed=1
	fi
}
