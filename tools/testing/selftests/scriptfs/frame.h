/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page frames that a process has mapped, and their flags, as the system tells root.
 */
#ifndef SCRIPTFS_SELFTEST_FRAME_H
#define SCRIPTFS_SELFTEST_FRAME_H

#include "util.h"

/* Flags of /proc/kpageflags */
#define FRAME_HWPOISON	19
#define FRAME_ARCH	38

/* The number of the frame that is mapped at @addr, which is read first. */
unsigned long frame_at(const void *addr);

/* Does the frame have that flag? Skips the test where the system does not tell. */
bool frame_flag(unsigned long pfn, unsigned int flag);

#endif /* SCRIPTFS_SELFTEST_FRAME_H */
