// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the run helpers of mm/, for kernels that do not have them: part of the module there.
 */
#include "../../../mm/page_run.c"
