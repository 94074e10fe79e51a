// SPDX-License-Identifier: GPL-2.0-only
// The names of results.json in the words of the report.
#pragma once

#include <string>
#include <string_view>

namespace scriptfs::bench::words {

std::string unit(std::string_view unit);                          // "nanoseconds"
std::string per(std::string_view per);                            // "a call"
std::string better(std::string_view unit);                        // of an axis of ratios
std::string place(std::string_view bed, std::string_view driver); // a heading
std::string bed_text(std::string_view bed);                       // a sentence on what that is
std::string driver_text(std::string_view driver);                 // a sentence
std::string multiple(double value);                               // "2.31×"
std::string percent(double part);                                 // "1.5 %" of 0.015

} // namespace scriptfs::bench::words
