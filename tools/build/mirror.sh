# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the scripts that fetch Debian's packages: which mirror this machine's apt uses.

# mirror_site LISTS GREP-OPTION: print the address of a configured suite that has (-e) or has not (-v)
# "security" in its name, by the package lists in that directory
mirror_site()
{
	# shellcheck disable=SC2016 # the $(...) are apt's
	apt-get -o Dir::State::lists="$1" indextargets --format '$(ORIGIN)|$(RELEASE)|$(SITE)' \
		'Identifier: Packages' | grep '^Debian|' | cut -d'|' -f2- |
		grep "$2" '^[^|]*security' | cut -d'|' -f2 | sort -u | head -n 1
}

# find_mirror DIR APT_GET...: set main and security to the addresses of Debian's two archives; security
# stays empty where there is none. Where the machine has no package lists, fetch some into DIR with that
# apt-get; the machine's own state stays as it is.
find_mirror()
{
	local own=$1 lists=/var/lib/apt/lists

	shift
	main=$(mirror_site "$lists" -v) || :
	if [ -z "$main" ]; then
		echo "no package lists on this machine, fetching our own to learn its mirror"
		lists=$own
		mkdir -p "$own/partial"
		"$@" -o Dir::State::lists="$lists" update
		main=$(mirror_site "$lists" -v)
	fi
	# shellcheck disable=SC2034 # for the scripts that source this
	security=$(mirror_site "$lists" -e) || :
}
