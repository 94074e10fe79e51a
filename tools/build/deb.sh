#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# deb.sh: build Debian packages of the module (scriptfs-dkms), and of programs and manual (scriptfs-utils), in
# out/deb; print their paths. Their version is that of debian/changelog.
. "$(dirname "$0")/lib.sh"

home=$out/deb
# What debian/rules builds from
source=(COPYING Documentation Kbuild debian dkms.conf doc/man fs include mm tools)

build()
{
	rm -rf "$home"
	mkdir -p "$home/source"
	cd "$top"
	cp -r --parents "${source[@]}" "$home/source"
	cd "$home/source"
	CCACHE_BASEDIR=$home DEB_BUILD_OPTIONS=noautodbgsym nice dpkg-buildpackage --build=binary --no-sign
	rm -rf "$home/source" "$home"/*.{buildinfo,changes}
}

lock "deb-$(sha256sum <<<"$top" | cut -c1-12)"
step packages build
find "$home" -name '*.deb' | sort
