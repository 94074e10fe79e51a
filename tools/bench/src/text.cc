// SPDX-License-Identifier: GPL-2.0-only
#include "text.h"

#include "error.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

namespace bench {
namespace {

using Letters = std::istreambuf_iterator<char>;

} // namespace

std::string read_text(const std::string &path)
{
    if (path == "-")
        return {Letters(std::cin), {}};
    std::ifstream file(path, std::ios::binary);
    // of a directory only the first read says that it is none
    if (!file || (file.peek() == EOF && file.bad()))
        throw Error("{}: cannot be read: {}", path, std::strerror(errno));
    file.clear();
    return {Letters(file), {}};
}

void write_text(const std::string &path, const std::string &text)
{
    std::ofstream file(path, std::ios::binary);

    file << text;
    file.close();
    if (!file)
        throw Error("{}: cannot be written: {}", path, std::strerror(errno));
}

} // namespace bench
